import itertools

import pytest

from docflow.access import Relation, may_do, may_read
from docflow.lifecycle import TRANSITIONS, Action, State, may


@pytest.mark.parametrize(("state", "action"), list(itertools.product(State, Action)))
def test_only_a_circulating_document_can_be_changed(state: State, action: Action):
    assert may(state, action) is (state is State.CIRCULATING)
    if may(state, action):
        ends = {Action.CLOSE: State.CLOSED, Action.WITHDRAW: State.WITHDRAWN}
        assert TRANSITIONS[state][action] is ends.get(action, State.CIRCULATING)


@pytest.mark.parametrize(("relation", "action"), list(itertools.product(Relation, Action)))
def test_who_may_do_what(relation: Relation, action: Action):
    for_readers = {Action.GIVE_OPINION, Action.ASK_PRINT}
    allowed = relation is Relation.OWNER or (relation is Relation.READER and action in for_readers)
    assert may_do(relation, action) is allowed
    assert may_read(relation) is (relation is not Relation.STRANGER)

"""Who may do what with a document.

The owner may do everything, whom the owner named as a reader may read and give an opinion, and
nobody else may know that it exists: not the head of the office, and not the administrator, who runs
the machine and has no right to its content. To have a draft printed after all is also open to whom
the print rules name; that is not decided here, but only somebody who may read can ask.
"""

from enum import StrEnum

from docflow.lifecycle import Action


class Relation(StrEnum):
    """What a person is to a document."""

    OWNER = "owner"
    READER = "reader"
    STRANGER = "stranger"


_ALLOWED = {
    Relation.OWNER: frozenset(Action),
    Relation.READER: frozenset({Action.GIVE_OPINION, Action.ASK_PRINT}),
    Relation.STRANGER: frozenset[Action](),
}


def may_read(relation: Relation) -> bool:
    """Tell whether a person may know and read the document."""
    return relation is not Relation.STRANGER


def may_do(relation: Relation, action: Action) -> bool:
    """Tell whether a person may do this."""
    return action in _ALLOWED[relation]

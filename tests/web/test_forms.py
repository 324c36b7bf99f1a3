"""A refusal is shown beside the field that it is about, or above the form if it is about none."""

import re

from tests.test_catalogue import used
from tests.web.conftest import Site
from web.forms import FIELDS

WHERE = re.compile(r'<p class="why" role="alert" id="([\w-]+)-wrong">')


def test_each_sentence_of_the_table_is_one_that_somebody_says():
    # A sentence that counts goes by its singular.
    said = {each if isinstance(each, str) else each[0] for each in used()}
    assert set(FIELDS) <= said


def test_the_sentence_stands_beside_its_field_in_the_form_that_was_sent(site: Site):
    ada = site.browser("ada")
    entry = {"entry": "00000000-0000-4000-8000-000000000000", "month": "2026-11"}
    office = {"office": site.cast.office.id}
    for path, fields, beside in (
        ("/admin/offices", {"code": "Bad Code", "name": "研究室"}, ["code"]),
        ("/admin/offices", {"code": "new", "name": "研究室", "guest": "on"}, []),
        ("/admin/people/new", {**office, "login": "bob", "name": "新人"}, ["login"]),
        ("/admin/grants", {**office, **entry, "kind": "grant", "sheets": "x"}, ["sheets"]),
        ("/admin/grants", {**office, **entry, "kind": "adjust", "sheets": "x"}, ["adjust-sheets"]),
        ("/admin/printers", {"name": "hall", "address": "x"}, ["address"]),
        ("/admin/printers", {"name": "a b", "address": "ipp://h/x"}, ["new-name"]),
        ("/admin/printers/office-a/retire", {"confirm": "office-b"}, ["confirm"]),
    ):
        page = ada.post(path, **fields).get_data(as_text=True)
        assert WHERE.findall(page) == beside, (path, fields)
        # It is said once: beside its field, or above the form.
        assert page.count('role="alert"') == 1, (path, fields)
        for each in beside:
            assert re.search(rf'<input id="{each}"[^>]* aria-invalid="true"', page)
            assert re.search(rf'aria-describedby="{each}-wrong', page)

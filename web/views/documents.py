"""My documents: those I own, those I am asked to read, and one document with all that is said."""

from flask import Blueprint, Response, g, redirect, render_template, request, send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from core.errors import InvalidInput
from core.identity import queries as identity
from core.ids import is_uuid
from core.people import Person
from core.text import Text
from docflow import queries as docflow
from docflow import service
from docflow.access import Relation
from docflow.errors import NoSuchDocument
from docflow.lifecycle import Action, State
from docflow.queries import Document, DocumentSearch
from printgate import queries as printing
from printgate.callers import Caller
from printgate.service import answer
from web.access import PERSON, access
from web.filters import Filter, asked_for
from web.forms import whole_number
from web.services import services
from web.views.jobs import PAGE, page_number

documents = Blueprint("documents", __name__)

_LISTS = {"to-read": Relation.READER, "mine": Relation.OWNER}
_ENDINGS = {"close": Action.CLOSE, "withdraw": Action.WITHDRAW}


@documents.get("/documents")
@access(PERSON)
def list_documents() -> str:
    """List the documents that I own and those that I am asked to read."""
    chosen = asked_for({"state": [state.value for state in State]}, "q", "owner")
    with services().database.snapshot() as session:
        lists = {
            name: _listed(session, chosen, name, relation) for name, relation in _LISTS.items()
        }
    return render_template("documents.html", lists=lists, filter=chosen, states=State)


def _listed(session: Session, chosen: Filter, name: str, relation: Relation) -> dict[str, object]:
    search = DocumentSearch(
        relation,
        state=State(chosen.get("state")) if chosen.get("state") else None,
        owner=chosen.get("owner"),
        title=chosen.get("q"),
        since=chosen.since,
        before=chosen.before,
    )
    page, count = page_number(name), docflow.count_documents(session, search, g.actor)
    found = docflow.find_documents(session, search, g.actor, limit=PAGE, offset=(page - 1) * PAGE)
    return {"documents": found, "count": count, "page": page, "pages": -(-count // PAGE)}


@documents.get("/documents/<document_id>")
@access(PERSON)
def show_document(document_id: str) -> str:
    """Show a document; for a reader this is the read receipt."""
    document = _document(document_id)
    if document.unread:
        with services().database.transaction() as session:
            service.mark_opened(session, document_id, actor=g.actor, now=services().clock.now())
    with services().database.snapshot() as session:
        named = {reader.person_id for reader in docflow.readers(session, document_id)}
        rules = services().printing.rules
        return render_template(
            "document.html",
            document=document,
            actions=Action,
            readers=docflow.readers(session, document_id),
            opinions=docflow.opinions(session, document_id),
            grants=docflow.grants(session, document_id),
            printers=printing.offered_printers(session),
            people=_by_office(session, named | {document.owner_id}),
            may_print=document.may(Action.ASK_PRINT)
            and answer.may_override(rules, g.actor, document.owner_id, document.office_id),
        )


@documents.get("/documents/<document_id>/file")
@access(PERSON)
def file(document_id: str) -> Response:
    """Send the newest revision as a PDF."""
    document = _document(document_id)
    path = services().blobs.path(document.revision.digest)
    name = f"document-{document.revision.number}.pdf"
    return send_file(path, mimetype="application/pdf", download_name=name)


@documents.get("/documents/<document_id>/pages/<int:number>.png")
@access(PERSON)
def page(document_id: str, number: int) -> Response:
    """Send a page of the newest revision as a picture."""
    document = _document(document_id)
    if not 1 <= number <= document.revision.pages:
        raise NoSuchDocument(Text("There is no such page."))
    digest = document.revision.digest
    asked = request.args.get("width", "960")
    width = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 960
    image = services().page_images.page(digest, services().blobs.path(digest), number, width)
    return send_file(image.path, mimetype="image/png")


@documents.post("/documents/<document_id>/readers")
@access(PERSON)
def name_readers(document_id: str) -> BaseResponse:
    """Let people read."""
    with services().database.transaction() as session:
        service.name_readers(
            session,
            document_id,
            request.form.getlist("person"),
            actor=g.actor,
            now=services().clock.now(),
        )
    return _back(document_id)


@documents.post("/documents/<document_id>/readers/remove")
@access(PERSON)
def remove_reader(document_id: str) -> BaseResponse:
    """Stop somebody from reading."""
    with services().database.transaction() as session:
        service.remove_reader(
            session,
            document_id,
            request.form.get("person", ""),
            actor=g.actor,
            now=services().clock.now(),
        )
    return _back(document_id)


@documents.post("/documents/<document_id>/opinions")
@access(PERSON)
def give_opinion(document_id: str) -> BaseResponse:
    """Give an opinion."""
    with services().database.transaction() as session:
        service.give_opinion(
            session,
            document_id,
            request.form.get("text", ""),
            actor=g.actor,
            now=services().clock.now(),
        )
    return _back(document_id)


@documents.post("/documents/<document_id>/end")
@access(PERSON)
def end(document_id: str) -> BaseResponse:
    """Close or withdraw a document."""
    action = _ENDINGS.get(request.form.get("action", ""))
    if action is None:
        raise InvalidInput(Text("The request can't be understood."))
    with services().database.transaction() as session:
        service.end(session, document_id, action, actor=g.actor, now=services().clock.now())
    return _back(document_id)


@documents.post("/documents/<document_id>/print")
@access(PERSON)
def print_document(document_id: str) -> BaseResponse:
    """Print a document after all: within quota, counted, with a reason."""
    copies = whole_number("copies")
    document = _document(document_id)
    parts = services().printing
    with services().database.transaction() as session:
        printer = printing.printer(session, request.form.get("printer", ""))
        office = identity.office(session, g.person.office_id)
        job = answer.print_document(
            session,
            document_id,
            printer,
            Caller(g.person.login, g.person, office),
            parts.rules,
            workdays=parts.terms.workdays,
            copies=copies,
            reason=request.form.get("reason", ""),
            now=services().clock.now(),
        )
        parts.spool.put_output(job.uuid, parts.blobs.path(document.revision.digest))
    return redirect(url_for("jobs.show_job", job_id=job.id))


def _document(document_id: str) -> Document:
    if not is_uuid(document_id):
        raise NoSuchDocument(Text("There is no such document."))
    with services().database.snapshot() as session:
        return docflow.document(session, document_id, g.actor)


def _by_office(session: Session, left_out: set[str]) -> list[tuple[str, list[Person]]]:
    """Return the people of each office that has any besides those `left_out`."""
    offices = [
        (
            office.name,
            [each for each in identity.persons(session, [office.id]) if each.id not in left_out],
        )
        for office in identity.offices(session)
    ]
    return [(name, people) for name, people in offices if people]


def _back(document_id: str) -> BaseResponse:
    return redirect(url_for("documents.show_document", document_id=document_id))

"""For the administrator: the printers that are offered, and those that could be."""

from flask import Blueprint, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from core.errors import InvalidInput, PrintgateError
from core.identity import queries as identity
from core.text import Text
from printgate import installing
from printgate import queries as printing
from printgate.energy import Label
from printgate.energy_queries import printer_label
from printgate.errors import BackendUnavailable
from printgate.queries import Printer
from printgate.service import printers as service
from printgate.service.printers import PrinterFields
from web.access import ADMIN, access
from web.forms import confirmed, given, milliwatts, refused, watts
from web.language import sentence
from web.services import services

admin_printers = Blueprint("admin_printers", __name__)

Answer = str | Response | tuple[str, int]


@admin_printers.get("/admin/printers")
@access(ADMIN)
def list_printers() -> str:
    """List the printers, with forms for one more."""
    return render_template("admin_printers.html", form={}, **_list_context())


@admin_printers.post("/admin/printers")
@access(ADMIN)
def add_printer() -> Answer:
    """Offer a queue that CUPS has, or make one to a printer's address."""
    parts, name = services().printing, given("name")
    try:
        if given("address"):
            installing.add_by_address(parts, name, given("address"), actor=g.actor)
        else:
            installing.offer_queue(parts, name, given("queue"), actor=g.actor)
    except PrintgateError as error:
        return refused("admin_printers.html", error, **_list_context())
    return redirect(url_for("admin_printers.show_printer", name=name))


@admin_printers.get("/admin/printers/<name>")
@access(ADMIN)
def show_printer(name: str) -> str:
    """Show what can be changed of a printer, and what can be done with it."""
    with services().database.snapshot() as session:
        printer = printing.printer(session, name)
        label = printer_label(session, printer.id)
    form = {
        "name": printer.name,
        "info": printer.info,
        "location": printer.location,
        "coverage": f"{printer.coverage * 100:g}",
        "watts_printing": watts(label.printing),
        "watts_ready": watts(label.ready),
        "watts_sleep": watts(label.sleep),
    }
    return render_template("admin_printer.html", form=form, **_printer_context(printer))


@admin_printers.post("/admin/printers/<name>")
@access(ADMIN)
def change_printer(name: str) -> Answer:
    """Rename or describe a printer."""
    printer = _printer(name)
    try:
        label = Label(*map(milliwatts, ("watts_printing", "watts_ready", "watts_sleep")))
        fields = PrinterFields(given("name"), given("info"), given("location"), _coverage(), label)
        with services().database.transaction() as session:
            now = services().clock.now()
            service.change_printer(session, name, fields, actor=g.actor, now=now)
    except PrintgateError as error:
        return refused("admin_printer.html", error, **_printer_context(printer))
    return redirect(url_for("admin_printers.show_printer", name=fields.name))


@admin_printers.post("/admin/printers/<name>/default")
@access(ADMIN)
def make_default(name: str) -> Response:
    """Make it the printer for jobs that name none."""
    with services().database.transaction() as session:
        service.make_default(session, name, actor=g.actor, now=services().clock.now())
    return redirect(url_for("admin_printers.show_printer", name=name))


@admin_printers.post("/admin/printers/<name>/test")
@access(ADMIN)
def print_test_page(name: str) -> Response:
    """Print a test page, at the expense of the office that was chosen."""
    title = sentence("Test page")
    parts, office_id = services().printing, given("office")
    job = installing.print_trial_page(parts, name, office_id, title=title, actor=g.actor)
    return redirect(url_for("jobs.show_job", job_id=job.id))


@admin_printers.get("/admin/printers/<name>/retire")
@access(ADMIN)
def ask_retire(name: str) -> str:
    """Ask before a printer takes no more jobs."""
    context = _printer_context(_printer(name))
    return render_template("admin_printer_retire.html", form={}, **context)


@admin_printers.post("/admin/printers/<name>/retire")
@access(ADMIN)
def retire(name: str) -> Answer:
    """Let a printer take no more jobs, once its name was typed."""
    printer = _printer(name)
    try:
        confirmed("confirm", name)
        with services().database.transaction() as session:
            service.retire(session, name, actor=g.actor, now=services().clock.now())
    except PrintgateError as error:
        return refused("admin_printer_retire.html", error, **_printer_context(printer))
    return redirect(url_for("admin_printers.list_printers"))


@admin_printers.post("/admin/printers/<name>/offer")
@access(ADMIN)
def offer_again(name: str) -> Response:
    """Take a retired printer back into use."""
    with services().database.transaction() as session:
        service.offer_again(session, name, actor=g.actor, now=services().clock.now())
    return redirect(url_for("admin_printers.show_printer", name=name))


def _coverage() -> float:
    try:
        return float(given("coverage")) / 100
    except ValueError:
        raise InvalidInput(Text("Coverage is above 0 and at most 100 per cent.")) from None


def _printer(name: str) -> Printer:
    with services().database.snapshot() as session:
        return printing.printer(session, name)


def _list_context() -> dict[str, object]:
    try:
        queues = installing.free_queues(services().printing)
        silent = None
    except BackendUnavailable as error:
        queues, silent = [], error.text
    with services().database.snapshot() as session:
        found, queued = printing.printers(session), printing.queued_jobs(session)
    return {"printers": found, "queued": queued, "queues": queues, "silent": silent}


def _printer_context(printer: Printer) -> dict[str, object]:
    with services().database.snapshot() as session:
        return {
            "printer": printer,
            "waiting": printing.queued_jobs(session).get(printer.id, 0),
            "offices": identity.offices(session),
        }

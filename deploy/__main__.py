"""The command line: `python -m deploy COMMAND`; every command explains itself with --help."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from core import log
from core.errors import PrintgateError
from core.i18n import LANGUAGES
from core.settings import Settings, SettingsError, load
from printgate.rules_file import RulesError
from quotas.workdays import WorkdaysError

PROFILES = Path(__file__).parent / "profiles"
USAGE_EXIT = 2


@click.group()
@click.option(
    "--profile", default="embedded", help="Defaults to start from: a name or a TOML file."
)
@click.pass_context
def cli(context: click.Context, profile: str) -> None:
    """Printgate: a print and paperless-office control service."""
    named = PROFILES / f"{profile}.toml"
    path = named if named.exists() else Path(profile)
    if not path.exists():
        raise click.UsageError(f"there is no profile {profile}")
    try:
        context.obj = load(path)
    except SettingsError as error:
        for problem in error.problems:
            click.echo(f"setting {problem}", err=True)
        sys.exit(USAGE_EXIT)
    log.configure(context.obj.log_level, context.obj.log_format)


@cli.command()
@click.pass_obj
def serve(settings: Settings) -> None:
    """Run the gateway, the pages and the background work in one process."""
    from deploy.serve import serve as run

    _run(run, settings)


@cli.command()
@click.option("--port", type=int, help="The port to listen on; else the setting of that name.")
@click.pass_obj
def gateway(settings: Settings, port: int | None) -> None:
    """Run the gateway alone, behind nginx: one of several processes."""
    from deploy.processes import serve_gateway

    _run(serve_gateway, replace(settings, port=port or settings.port))


@cli.command()
@click.option("--port", type=int, help="The port to listen on; else the setting of that name.")
@click.pass_obj
def web(settings: Settings, port: int | None) -> None:
    """Run the pages alone, behind nginx: one of several processes."""
    from deploy.processes import serve_pages

    _run(serve_pages, replace(settings, port=port or settings.port))


@cli.command()
@click.pass_obj
def worker(settings: Settings) -> None:
    """Run the background work alone: forwards jobs, watches printers, sends mail."""
    from deploy.worker import work

    _run(work, settings)


def _run(run: Callable[[Settings], None], settings: Settings) -> None:
    from deploy.migrations import NewerDatabase
    from deploy.serve import AlreadyRunning

    try:
        run(settings)
    except RulesError as error:
        for problem in error.problems:
            click.echo(f"rules: {problem}", err=True)
        sys.exit(USAGE_EXIT)
    except WorkdaysError as error:
        for problem in error.problems:
            click.echo(f"workdays: {problem}", err=True)
        sys.exit(USAGE_EXIT)
    except (AlreadyRunning, NewerDatabase) as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE_EXIT)


@cli.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the database to the tables of this version."""
    from deploy.bootstrap import opened_database

    def bring_up_to_date(settings: Settings) -> None:
        with opened_database(settings):
            click.echo("the database is as this version needs it")

    _run(bring_up_to_date, settings)


@cli.command("settings")
def explain_settings() -> None:
    """List every setting with its default and meaning."""
    from dataclasses import fields

    for each in fields(Settings):
        default = each.default if each.default != "" else "(empty)"
        click.echo(f"{each.name:26} {each.metadata['meaning']}; default: {default}")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--strict", is_flag=True, help="Prove that nothing was lost or charged twice, too.")
@click.option("--lang", type=click.Choice(list(LANGUAGES)), help="Else that of the terminal.")
@click.pass_obj
def doctor(settings: Settings, *, as_json: bool, strict: bool, lang: str | None) -> None:
    """Look for what is wrong: settings of CUPS, ways past the gateway, books that do not add up."""
    from deploy import doctor, terminal

    findings = doctor.examine(settings, strict=strict)
    translate = terminal.translate(lang)
    click.echo(doctor.as_json(findings) if as_json else doctor.as_text(findings, translate))
    sys.exit(1 if any(finding.bad for finding in findings) else 0)


@cli.command()
@click.option("--rebuild", is_flag=True, help="Make the sums again, from the first entry on.")
@click.pass_obj
def rollups(settings: Settings, *, rebuild: bool) -> None:
    """Bring the sums that pages read up to the ledger and the jobs; the service may go on."""
    from deploy.bootstrap import opened_database
    from deploy.sums import bring_up_to_date

    with opened_database(settings) as database:
        done = bring_up_to_date(database, rebuild=rebuild)
    if not done:
        click.echo("somebody is writing: not all is in yet, run it again", err=True)
        sys.exit(1)
    click.echo("the sums are those of the ledger and the jobs")


@cli.command()
@click.option("--sheets", default=0, help="Sheets granted for the current month.")
@click.option("--guest", is_flag=True, help="The office that unknown senders are booked to.")
@click.argument("code")
@click.argument("name")
@click.pass_obj
def office(settings: Settings, code: str, name: str, *, sheets: int, guest: bool) -> None:
    """Add office NAME under a short CODE."""
    from deploy.bootstrap import opened_database
    from deploy.people import add_office

    with opened_database(settings) as database, _refusals_told():
        add_office(database, code, name, sheets=sheets, guest=guest)
    click.echo(f"office {code} is there")


@cli.command()
@click.option("--office", "office_code", required=True, help="The code of their office.")
@click.option("--admin", is_flag=True, help="Let them run Printgate.")
@click.password_option(help="Asked for if not given.")
@click.argument("login")
@click.argument("name")
@click.pass_obj
def person(
    settings: Settings, login: str, name: str, office_code: str, password: str, *, admin: bool
) -> None:
    """Add person NAME who signs in as LOGIN."""
    from deploy.bootstrap import opened_database
    from deploy.people import NoSuchOffice, add_person

    with opened_database(settings) as database, _refusals_told():
        try:
            add_person(database, login, name, office_code, password, admin=admin)
        except NoSuchOffice:
            raise click.UsageError(f"no office has the code {office_code}") from None
    click.echo(f"{login} may sign in")


@cli.command("import")
@click.option("--apply", is_flag=True, help="Do it; without this it is only shown.")
@click.option("--lang", type=click.Choice(list(LANGUAGES)), help="Else that of the terminal.")
@click.argument("kind", type=click.Choice(["offices", "people", "grants"]))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def import_(settings: Settings, kind: str, file: Path, lang: str | None, *, apply: bool) -> None:
    """Show what a CSV FILE of offices, people or grants would do, and with --apply do it."""
    from deploy import terminal
    from deploy.bootstrap import opened_database
    from deploy.importing import import_file

    with opened_database(settings) as database, _refusals_told():
        done, told = import_file(database, kind, file, terminal.translate(lang), apply=apply)
    click.echo("\n".join(told), err=not done)
    sys.exit(0 if done else USAGE_EXIT)


@cli.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.pass_obj
def backup(settings: Settings, target: Path) -> None:
    """Write a backup to TARGET, an empty folder or a file NAME.tar; the service may go on."""
    from deploy.backup import CannotBackUp, back_up

    try:
        click.echo(f"{back_up(settings, target)} files in {target}")
    except CannotBackUp as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE_EXIT)


@cli.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.pass_obj
def restore(settings: Settings, source: Path) -> None:
    """Fill an empty data folder from the backup SOURCE; the service must not run."""
    from deploy.backup import CannotBackUp
    from deploy.backup import restore as put_back
    from deploy.serve import AlreadyRunning

    try:
        waiting = put_back(settings, source)
    except (CannotBackUp, AlreadyRunning) as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE_EXIT)
    click.echo(f"restored; {waiting} jobs were on their way then: see their pages")


@cli.command()
@click.option("--queue", required=True, help="The CUPS queue behind the printer.")
@click.option("--default", "is_default", is_flag=True, help="Make it the default printer.")
@click.argument("name")
@click.pass_obj
def printer(settings: Settings, name: str, queue: str, *, is_default: bool) -> None:
    """Offer a queue of CUPS as printer NAME."""
    from deploy.bootstrap import opened_database
    from deploy.seed import add_printer
    from printgate.backend.cups import CupsBackend

    backend = CupsBackend(settings.printing_url)
    with opened_database(settings) as database, backend, _refusals_told():
        add_printer(database, backend, name, queue, default=is_default)
    click.echo(f"printer {name} is offered")


@cli.command()
@click.option("--me", default="", help="A sign-in name to add beside the demo's people.")
@click.pass_obj
def seed(settings: Settings, me: str) -> None:
    """Fill an empty database with a small office: people, quotas, printers. Not for real use."""
    from deploy.bootstrap import opened_database
    from deploy.seed import NotEmpty, seed_office

    with opened_database(settings) as database:
        try:
            seed_office(database, me=me)
        except NotEmpty as error:
            click.echo(str(error), err=True)
            sys.exit(USAGE_EXIT)
    click.echo("the office is there")


@cli.command()
@click.option("--exit", "leave", is_flag=True, help="End after the jobs; 0 if all are as expected.")
@click.option("--keep", is_flag=True, help="Keep the folder of this run.")
@click.option("--port", default=8631, show_default=True, help="The port of the pages.")
@click.pass_context
def demo(context: click.Context, *, leave: bool, keep: bool, port: int) -> None:
    """Show the main job on real parts: real CUPS, virtual printers, real documents."""
    from deploy.demo import run
    from deploy.demo.stage import STAGES

    stage = STAGES.get(context.find_root().params["profile"])
    if stage is None:
        raise click.UsageError(f"the demo has the profiles {', '.join(STAGES)}")
    sys.exit(run(leave=leave, keep=keep, port=port, stage=stage))


@contextmanager
def _refusals_told() -> Iterator[None]:
    """End with the sentence of a refusal instead of a trace."""
    try:
        yield
    except PrintgateError as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE_EXIT)


if __name__ == "__main__":
    cli()

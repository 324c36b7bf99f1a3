"""The command line: `python -m deploy COMMAND`; every command explains itself with --help."""

import sys
from pathlib import Path

import click

from core import log
from core.settings import Settings, SettingsError, load
from printgate.rules_file import RulesError

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
    log.configure(context.obj.log_level)


@cli.command()
@click.pass_obj
def serve(settings: Settings) -> None:
    """Run the gateway, the pages and the background work in one process."""
    from deploy.serve import AlreadyRunning
    from deploy.serve import serve as run

    try:
        run(settings)
    except AlreadyRunning as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE_EXIT)
    except RulesError as error:
        for problem in error.problems:
            click.echo(f"rules: {problem}", err=True)
        sys.exit(USAGE_EXIT)


@cli.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the database to the tables of this version."""
    from deploy.bootstrap import opened_database

    with opened_database(settings):
        click.echo("the database is as this version needs it")


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
@click.pass_obj
def doctor(settings: Settings, *, as_json: bool, strict: bool) -> None:
    """Look for what is wrong: settings of CUPS, ways past the gateway, books that do not add up."""
    from deploy.doctor import examine, report

    findings = examine(settings, strict=strict)
    click.echo(report(findings, as_json=as_json))
    sys.exit(1 if any(finding.bad for finding in findings) else 0)


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
    from deploy.seed import offer_printer

    click.echo(offer_printer(settings, name, queue, default=is_default))


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
def demo(*, leave: bool, keep: bool, port: int) -> None:
    """Show the main job on real parts: real CUPS, virtual printers, real documents."""
    from deploy.demo import run

    sys.exit(run(leave=leave, keep=keep, port=port))


if __name__ == "__main__":
    cli()

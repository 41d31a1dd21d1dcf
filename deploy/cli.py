"""The command `iljari`: every service's part of it, and the starting, watching and mending of a system."""

from pathlib import Path
from typing import Annotated

import typer

import services.matching.cli as matching
import services.registry.cli as registry
from deploy import agency, bench, buried, score
from deploy.serve import ServiceName
from services.matching.commands import certify as proof_command
from services.matching.commands import learn as learn_command
from services.matching.commands import rematch as rematch_command
from services.matching.commands import season as season_commands
from services.matching.commands import skills as skill_commands
from services.registry.commands import accounts as staffing
from services.registry.commands import benefit as benefit_command
from services.registry.commands import cafes as cafe_commands
from services.registry.commands import custody as custody_commands
from services.registry.commands import districts as district_commands
from services.registry.commands import export as export_command
from services.registry.commands import ledgers as ledger_commands
from services.registry.commands import lint as linting
from services.registry.commands import mappings as mapping_commands
from services.registry.commands import orders as order_commands
from services.registry.commands import people as people_commands
from services.registry.commands import plan as plan_commands
from services.registry.commands import programs as program_commands
from services.registry.commands import referrals as referral_commands
from services.registry.commands import seasons as season_calendar
from shared.command import DEFAULT_DATA, DataOption, JsonOption, command_group

DEFAULT_PORT = 8765

app = command_group(
    """일자리 Iljari: open job matching for a city.

    A system on this machine: `iljari up`, then the other commands in a second terminal. One that runs elsewhere: set
    ILJARI_URL and ILJARI_OPERATOR_TOKEN.

    Exit codes: 0 all taken, 1 some refused, 2 usage, 3 cannot reach, 4 not allowed.
    """
)

FolderOption = Annotated[
    Path, typer.Option("--data", envvar="ILJARI_DATA_DIR", help="Where the system keeps all it has.")
]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="Where it listens on this machine; 0: any free port.")]
ServiceArgument = Annotated[ServiceName, typer.Argument(help="Which service.", show_default=False)]


@app.command()
def up(
    data: FolderOption = DEFAULT_DATA,
    port: PortOption = DEFAULT_PORT,
    demo: Annotated[bool, typer.Option(help="Load the demo city at the first start.")] = True,
) -> None:
    """Start a whole system on this machine and keep it running until Ctrl-C.

    An embedded Valkey, three services on SQLite and one address before them. Starting again finds its data; what a
    killed start left behind is mended.

    \b
    Examples:
      iljari up
      iljari up --data /srv/iljari --port 9000 --no-demo
    """
    from deploy.local.supervisor import up
    from deploy.local.welcome import Welcome

    up(data, port, Welcome(load_demo=demo))


@app.command()
def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show how a running system is: ready or why not, what waits on each stream, what is unsaid, what lies buried.

    Ends with 0 when every service is ready, 1 when one is not, 3 when none can be reached.

    \b
    Examples:
      iljari status
      iljari status --json | jq '.services[] | {service, unsaid, buried}'
    """
    from deploy.status import show_status

    show_status(data, as_json=as_json)


@app.command()
def doctor(data: DataOption = None, port: PortOption = DEFAULT_PORT, as_json: JsonOption = False) -> None:
    """Say what is wrong with this installation, and how to mend it.

    Ends with 0 when all is well, 1 when something is wrong, 3 when the system cannot be reached.

    \b
    Examples:
      iljari doctor
      iljari doctor --data /srv/iljari --json
    """
    from deploy.doctor import show_examination

    show_examination(data, port, as_json=as_json)


@app.command()
def serve(
    service: ServiceArgument,
    socket: Annotated[Path | None, typer.Option(help="Listen on this unix socket, and on no port.")] = None,
    host: Annotated[str, typer.Option(help="Listen on this address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Listen on this port.")] = 8000,
) -> None:
    """Run one service, for containers and service managers: settings from the environment, database brought up to date.

    \b
    Examples:
      iljari serve registry --host 0.0.0.0 --port 8000
      iljari serve matching --socket /run/iljari/matching.sock
    """
    from deploy.serve import serve

    serve(service, socket=socket, host=host, port=port)


@app.command()
def migrate(service: ServiceArgument) -> None:
    """Bring one service's database to the newest revision; `serve` does it by itself.

    \b
    Example:
      REGISTRY_DATABASE_URL=postgresql+psycopg://… iljari migrate registry
    """
    from deploy.serve import load_settings, migrate

    migrate(service, load_settings(service).database_url)
    typer.echo(f"{service}: 데이터베이스가 최신입니다. The database is up to date.")


app.add_typer(registry.imports, name="import")
app.add_typer(export_command.app)
app.add_typer(mapping_commands.app, name="mapping")
app.add_typer(agency.app, name="agency")
app.add_typer(order_commands.app)
app.add_typer(referral_commands.app, name="referral")
app.add_typer(ledger_commands.app)
app.add_typer(order_commands.defaulters, name="defaulters")
app.add_typer(staffing.app, name="account")
app.add_typer(district_commands.districts, name="districts")
app.add_typer(district_commands.coverage)
app.add_typer(plan_commands.plan, name="plan")
plan_commands.reports.command("benefit")(benefit_command.report_benefit)
app.add_typer(plan_commands.reports, name="report")
app.add_typer(program_commands.app, name="programs")
app.add_typer(cafe_commands.app, name="cafes")
app.add_typer(season_calendar.seasons, name="seasons")
app.add_typer(people_commands.app, name="seeker")
app.add_typer(custody_commands.vault, name="vault")
app.add_typer(custody_commands.audit, name="audit")
app.add_typer(matching.app)
app.add_typer(proof_command.app)
app.add_typer(rematch_command.app)
app.add_typer(learn_command.app)
app.add_typer(season_commands.app)
app.add_typer(bench.app)
app.add_typer(skill_commands.app, name="skills")
app.add_typer(linting.app)
app.add_typer(score.app)
app.add_typer(buried.app, name="buried")


if __name__ == "__main__":
    app()

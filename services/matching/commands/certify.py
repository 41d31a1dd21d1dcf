"""Matching's share of the command: `iljari certify`."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shared.command import DataOption, ExitCode, JsonOption, command_group, open_system, show_json, show_table

if TYPE_CHECKING:
    from httpx import Client

app = command_group()

PROOFS = "/api/v1/matching/proofs"
LOOK_SECONDS = 0.5
TRIES = 3
"""While arrivals go on, registry may hold for a moment what matching has yet to hear."""


@app.command()
def certify(
    repair: Annotated[bool, typer.Option("--repair", help="Make wrong lists anew, and count them.")] = False,
    history: Annotated[bool, typer.Option("--history", help="Prove nothing; show what was found before.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute every match from what is stored, and compare: no pair missed, none invented, none different.

    Everything is read as of one moment, so that arrivals go on; what was in hand at that moment is counted. It runs by
    itself every night. Also compares what matching holds with what registry holds, so that a lost event shows. Ends
    with 1 on any difference, repaired or not.

    \b
    Examples:
      iljari certify
      iljari certify --repair
      iljari certify --history
      iljari certify --json | jq .agrees
    """
    with open_system(data) as client:
        if history:
            _show_history(client.get(PROOFS).json(), as_json=as_json)
            return
        proof, registry = _proven(client, repair=repair)
    certificate = proof["certificate"] or {}
    same = {side: registry[side] == certificate.get(side) for side in ("seekers", "postings")}
    agrees = bool(certificate) and certificate["agrees"] and all(same.values())
    if as_json:
        told = {"proof": proof["number"], "repair": repair, "repaired": proof["repaired"]}
        show_json({**certificate, **told, "registry": registry, "holds_what_registry_holds": same, "agrees": agrees})
    else:
        if certificate:
            _show_certificate(certificate, registry)
        typer.echo(_verdict(proof, agrees), err=not agrees)
    raise typer.Exit(ExitCode.ALL_TAKEN if agrees else ExitCode.SOME_REFUSED)


def _proven(client: "Client", *, repair: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """A proof of its own, and what registry held about then."""
    for number in range(TRIES):
        if number:
            typer.echo(
                f"등록소와 다릅니다. 그 사이 누가 왔을 수 있어 다시 계산합니다({number + 1}/{TRIES}). "
                f"Registry held somebody else, who perhaps came meanwhile; again, {number + 1} of {TRIES}.",
                err=True,
            )
        before = client.get("/api/v1/registry/digest").json()
        proof: dict[str, Any] = client.post(PROOFS, json={"repair": repair}).json()
        while not proof["finished_at"]:
            time.sleep(LOOK_SECONDS)
            proof = client.get(f"{PROOFS}/{proof['number']}").json()
        found = proof["certificate"] or {}
        if not found.get("agrees") or all(before[side] == found[side] for side in before) or number == TRIES - 1:
            break
    return proof, before


def _show_certificate(certificate: dict[str, Any], registry: dict[str, Any]) -> None:
    counted = ("pairs", "recomputed", "missed", "invented", "different", "wrong", "pending", "epoch", "shards",
               "made_at", "said_until", "seconds", "streamed_sha256", "recomputed_sha256")  # fmt: skip
    show_table(
        ("", "matching", "registry"),
        [
            *([f"{side} {name}", certificate[side][name], registry[side][name]]
              for side in ("seekers", "postings") for name in ("count", "sha256")),
            *([name.replace("_", " "), certificate[name], ""] for name in counted),
        ],
    )  # fmt: skip
    columns = ("샤드 shard", "목록 lists", "틀림 wrong", "처리 중 in hand", "sha256")
    show_table(columns, [(one["shard"], one["lists"], one["wrong"], one["pending"], one["streamed_sha256"])
                         for one in certificate["by_shard"]])  # fmt: skip


def _verdict(proof: dict[str, Any], agrees: bool) -> str:
    if not proof["certificate"]:
        return (
            "샤드 수가 바뀌어 증명을 그만두었습니다. 다시 실행하세요. "
            "The proof was given up, because the number of shards changed. Run it again."
        )
    told = "모두 일치합니다. Everything agrees." if agrees else "차이가 있습니다. There are differences."
    if proof["repair"]:
        told += f" 고친 목록 {proof['repaired']}개. {proof['repaired']} lists were wrong and were made anew."
    if pending := proof["certificate"]["pending"]:
        told += f" 그때 처리 중이던 목록 {pending}개. {pending} lists were in hand at that moment."
    return told


def _show_history(proofs: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show_json(proofs)
        return
    names = ("pairs", "wrong", "pending", "epoch", "seconds")
    show_table(
        ("번호 number", "기준 시각 as of", "누가 by", "일치 agrees", *names, "고침 repaired"),
        [
            (one["number"], one["certificate"]["made_at"], one["asked_by"], one["certificate"]["agrees"],
             *(one["certificate"][name] for name in names), one["repaired"])
            for one in proofs if one["certificate"]
        ],
    )  # fmt: skip

"""`evalkit blind serve`: the ballots of a kit from this machine."""

from __future__ import annotations

import ipaddress
import json
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.cli.options import json_option

if TYPE_CHECKING:
    from evalkit.blind.ballot_box import BallotBox, JudgeState


@click.command()
@click.argument("kit", type=click.Path(path_type=Path, file_okay=False))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any free one.")
@json_option
def serve(kit: Path, host: str, port: int, as_json: bool) -> int:
    """Serve the ballots of KIT, one secret link per judge, until interrupted (Ctrl-C).

    Every vote is on the disk before the judge's page goes on. Pairs are chosen by what the votes so far leave open.
    """
    from evalkit.blind.ballot_box import BallotBox
    from evalkit.blind.kit_folder import KitFolder
    from evalkit.blind.server import BallotServer
    from evalkit.records.errors import UsageError

    folder = KitFolder.open(kit)
    with folder.locked_for_serving():
        box = BallotBox(folder, clock=lambda: time.time_ns() // 1_000_000)
        try:
            server = BallotServer(box, host, port, listener=_tell)
        except OSError as error:
            box.close()
            raise UsageError(f"cannot listen on {host}, port {port}: {error}. Name others: --host, --port.") from error
        _show_links(box, host, server.server_address[1], as_json=as_json)
        # Both, since a shell starts background jobs with SIGINT ignored.
        signal.signal(signal.SIGTERM, _stop)
        signal.signal(signal.SIGINT, _stop)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped; every vote that was acknowledged is saved", err=True)
        finally:
            server.server_close()
            box.close()
    return 0


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _show_links(box: BallotBox, host: str, port: object, *, as_json: bool) -> None:
    place = f"[{host}]" if ":" in host else host
    links = {judge: f"http://{place}:{port}/ballot/{token}/" for judge, token in box.tokens.items()}
    if as_json:
        click.echo(json.dumps({"kit_id": box.kit.kit_id, "commitment": box.kit.commitment, "links": links}, indent=2))
    else:
        click.echo(f"kit {box.kit.kit_id}, commitment {box.kit.commitment}")
        for judge, link in links.items():
            click.echo(f"{judge}: {link}")
    if not _is_loopback(host):
        click.echo(
            "warning: links and votes cross the network unencrypted; put a proxy with TLS before this server", err=True
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tell(judge: str, state: JudgeState) -> None:
    click.echo(f"{judge}: {state.n_done} of {state.n_items}", err=True)

"""What an API remembers of its callers is bounded: made-up tokens, organisations, paths and names leave nothing."""

from pathlib import Path

from api.app import create_app
from api.http import metrics
from identity.issuer import make_token
from identity.refusals import TOKENS_MAX
from tests.api.test_routes import Client, services_at

MANY = TOKENS_MAX + 20
MADE_UP = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL3gifQ.c2ln"


def test_made_up_tokens_paths_and_organisations_leave_nothing_behind(api_home: Path) -> None:
    services = services_at(api_home)
    client, gate = Client(create_app(services)), services.gate
    token = make_token(api_home, user="jdoe", name="Jane Doe", groups=["wlcg"], audience_hours=1)
    known = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}

    def ask(number: int) -> list[int]:
        answers = (
            client.get("/v1/whoami", headers=known),
            client.get("/v1/whoami", headers={"Authorization": f"Bearer {MADE_UP}{number}"}),
            client.get("/v1/whoami", headers={**known, "Origin": f"vo{number}"}),
            client.get(f"/none/{number}", headers=known),
        )
        return [answer.status_code for answer in answers]

    def remembered() -> tuple[int, int, int]:
        """Entries for tokens, for members, and for routes."""
        return len(gate.verifier._remembered), len(gate._remembered), len(metrics.REQUESTS._metrics)

    assert ask(0) == [200, 403, 403, 404]
    before = remembered()
    for number in range(1, MANY):
        ask(number)

    assert before[:2] == (1, 1)
    assert remembered() == before
    # Those beyond the bound are counted together, by rule.
    assert TOKENS_MAX <= len(gate.refusals._tokens) <= TOKENS_MAX + 1

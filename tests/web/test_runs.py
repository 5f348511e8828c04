"""Runs of rules, looked at by API and page: what started each, what its condition saw, what came of each step."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from connectors.bogus.client import Fault
from simulation.shoppers import Cart, place
from tests.builders import home
from tests.core.flow.merchant_runs import count, in_force
from tests.core.flow.play import pass_time, settle, stop_all
from tests.core.flow.ruled import use
from tests.web.site import KEY, OTHER_KEY, Site, fields_of

pytestmark = pytest.mark.req("S30")

RULES = """
- id: score
  when: order.verified
  if: order.total >= 79
  then:
    - id: ask
      http: {via: crm, path: /score, take: {score: body.score}}
    - if: steps.ask.score > 90
      hold: never
    - tag: scored
    - wait: 5h
- {id: fails, when: order.received, then: [{http: {via: crm, path: /no}}]}
"""


async def scored(site: Site) -> None:
    use(site.b, RULES)
    site.b.world.answers = {"/score": (200, {"score": 12}), "/no": (400, {})}
    lines = (("SKILLET-12", 1, 7900),)
    place(site.b.world, "shop", Cart(number="KK-1", lines=lines, ship_to=home()))
    await pass_time(site.b, timedelta(hours=1))


async def test_runs_are_listed_and_found_by_rule_order_and_outcome(site: Site) -> None:
    await scored(site)

    listed = (await site.ask("GET", "/api/v1/runs", key=KEY)).json

    found = [(r["rule"], r["trigger"], r["about"], r["subject"], r["outcome"]) for r in listed["runs"]]
    assert sorted(found) == [
        ("fails", "order.received", "order", "shop:kk-1", "failed"),
        ("score", "order.verified", "order", "shop:kk-1", None),
    ]
    for query, rules in (
        ("rule=fails", ["fails"]),
        ("order=KK-1&outcome=open", ["score"]),
        ("outcome=failed", ["fails"]),
        ("outcome=stopped", []),
    ):
        runs = (await site.ask("GET", f"/api/v1/runs?{query}", key=KEY)).json["runs"]
        assert [run["rule"] for run in runs] == rules
    assert (await site.ask("GET", "/api/v1/runs", key=OTHER_KEY)).json == {"runs": [], "after": None}


async def test_a_page_of_runs_begins_behind_the_one_before(site: Site) -> None:
    await scored(site)

    first = (await site.ask("GET", "/api/v1/runs?limit=1", key=KEY)).json
    rest = (await site.ask("GET", f"/api/v1/runs?limit=1&after={first['after']}", key=KEY)).json

    assert {run["rule"] for run in (*first["runs"], *rest["runs"])} == {"score", "fails"}
    assert rest["after"] is None


async def test_a_run_shows_what_its_condition_looked_at_and_what_came_of_each_step(site: Site) -> None:
    await scored(site)
    [run] = (await site.ask("GET", "/api/v1/runs?rule=score", key=KEY)).json["runs"]

    shown = (await site.ask("GET", f"/api/v1/runs/{run['run_id']}", key=KEY)).json

    assert shown["looked_at"] == {"order.total": "79.00"}
    assert shown["event"]["trigger"] == "order.verified"
    assert shown["where"].startswith("crossdock.yaml:")
    assert [(s["step"], s["action"], s["outcome"], s["result"]) for s in shown["steps"]] == [
        ("then.0", "http", "done", {"status": 200, "score": 12}),
        ("then.1", "hold", "skipped", {}),
        ("then.2", "tag", "done", {}),
        ("then.3", "wait", "waiting", {}),
    ]
    assert shown["waits_for"] == "time"
    assert shown["due_at"] == shown["steps"][3]["due_at"]


async def test_a_run_that_is_nobody_s_or_another_merchant_s_is_not_found(site: Site) -> None:
    await scored(site)
    [run] = (await site.ask("GET", "/api/v1/runs?rule=score", key=KEY)).json["runs"]

    for path, key in ((run["run_id"], OTHER_KEY), ("order-none", KEY)):
        refused = await site.ask("GET", f"/api/v1/runs/{path}", key=key)
        assert (refused.status, refused.json["detail"].partition(";")[0]) == (404, f"no run '{path}'")


async def test_the_pages_show_runs_and_one_of_them(site: Site) -> None:
    await scored(site)
    cookie = await site.log_in(KEY)
    [run] = (await site.ask("GET", "/api/v1/runs?rule=score", key=KEY)).json["runs"]

    listed = (await site.ask("GET", "/runs", cookie=cookie)).text
    shown = (await site.ask("GET", f"/runs/{run['run_id']}", cookie=cookie)).text
    none = (await site.ask("GET", "/runs?rule=other", cookie=cookie)).text

    assert "score" in listed
    assert 'class="tag on_hold">failed' in listed
    assert "order.total" in shown
    assert "79.00" in shown
    assert "its condition did not hold" in shown
    assert "No rule has run like this yet." in none


async def test_a_run_about_stock_is_shown_by_its_id_with_slashes(site: Site) -> None:
    await in_force(
        site.b, "- {id: out, when: stock.out, then: [{notify: {to: ops@example.test, text: out}}]}"
    )
    await count(site.b, 0)
    await settle(site.b)
    cookie = await site.log_in(KEY)
    [run] = (await site.ask("GET", "/api/v1/runs", key=KEY)).json["runs"]

    path = f"/runs/{quote(run['run_id'], safe='')}"
    shown = (await site.ask("GET", f"/api/v1{path}", key=KEY)).json
    listed = (await site.ask("GET", "/runs", cookie=cookie)).text
    page = await site.ask("GET", path, cookie=cookie)

    assert (shown["about"], shown["subject"], shown["outcome"]) == ("stock", "CHEF-8", "done")
    assert [(s["action"], s["outcome"]) for s in shown["steps"]] == [("notify", "done")]
    assert f'href="{path}"' in listed
    assert (page.status, "CHEF-8" in page.text) == (200, True)


async def test_a_run_says_that_it_waits_while_nothing_is_accepted(site: Site) -> None:
    await scored(site)
    await stop_all(site.b)
    cookie = await site.log_in(KEY)
    [run] = (await site.ask("GET", "/api/v1/runs?rule=score", key=KEY)).json["runs"]
    [ended] = (await site.ask("GET", "/api/v1/runs?rule=fails", key=KEY)).json["runs"]

    shown = (await site.ask("GET", f"/api/v1/runs/{run['run_id']}", key=KEY)).json
    over = (await site.ask("GET", f"/api/v1/runs/{ended['run_id']}", key=KEY)).json
    page = (await site.ask("GET", f"/runs/{run['run_id']}", cookie=cookie)).text

    assert (shown["waits_for"], shown["due_at"]) == ("acceptance", None)
    assert (over["waits_for"], over["due_at"]) == (None, None)
    assert 'Goes on once something is accepted: nothing is, see <a href="/go-live">Go-live</a>.' in page


async def failed(site: Site) -> str:
    """Have a run fail; return its id."""
    await scored(site)
    [run] = (await site.ask("GET", "/api/v1/runs?rule=fails", key=KEY)).json["runs"]
    site.b.world.answers["/no"] = (200, {})
    site.b.clock.move_to(site.b.clock.now() + timedelta(seconds=1))  # runs are listed by when they began
    return str(run["run_id"])


async def outcomes(site: Site) -> list[str | None]:
    """Return how the runs of the rule that fails ended, the newest first."""
    found = (await site.ask("GET", "/api/v1/runs?rule=fails", key=KEY)).json["runs"]
    return [run["outcome"] for run in found]


async def test_a_failed_run_is_retried_by_the_api_and_each_names_the_other(site: Site) -> None:
    run_id = await failed(site)

    made = await site.ask("POST", f"/api/v1/runs/{run_id}/retry", key=KEY, data=b'{"from": "then.0"}')
    await settle(site.b)

    assert (made.status, made.json["outcome"], made.json["again_of"], made.json["steps"]) == (
        200,
        None,
        run_id,
        [],
    )
    first = (await site.ask("GET", f"/api/v1/runs/{run_id}", key=KEY)).json
    second = (await site.ask("GET", f"/api/v1/runs/{made.json['run_id']}", key=KEY)).json
    assert (first["outcome"], first["again_of"], first["retried_as"]) == ("failed", None, made.json["run_id"])
    assert (second["outcome"], second["retried_as"]) == ("done", None)
    assert [(s["step"], s["action"], s["outcome"]) for s in second["steps"]] == [("then.0", "http", "done")]


async def test_a_retry_that_is_refused_says_why_and_changes_nothing(site: Site) -> None:
    run_id = await failed(site)
    path = f"/api/v1/runs/{run_id}/retry"

    for body, status, why in (
        (
            b'{"from": "then.7"}',
            409,
            "rule fails has no step 'then.7' in the file in force; it has then.0 (http)",
        ),
        (b"{}", 422, "the body does not fit its schema"),
        (b'{"from": ""}', 422, "the body does not fit its schema"),
        (b'{"from_": "then.0"}', 422, "the body does not fit its schema"),
    ):
        told = await site.ask("POST", path, key=KEY, data=body)
        assert (told.status, told.json["detail"]) == (status, why)
    assert (await site.ask("POST", path, key=OTHER_KEY, data=b'{"from": "then.0"}')).status == 404
    assert await outcomes(site) == ["failed"]


async def test_the_same_retry_asked_again_begins_nothing_more(site: Site) -> None:
    run_id = await failed(site)
    path, body, keyed = f"/api/v1/runs/{run_id}/retry", b'{"from": "then.0"}', {"Idempotency-Key": "k1"}

    first = await site.ask("POST", path, key=KEY, data=body, headers=keyed)
    again = await site.ask("POST", path, key=KEY, data=body, headers=keyed)
    other = await site.ask("POST", path, key=KEY, data=body)
    await settle(site.b)

    assert (first.status, again.status, again.json) == (200, 200, first.json)
    made = first.json["run_id"]
    assert (other.status, other.json["detail"]) == (
        409,
        f"the run was retried already, as run {made}; if that one failed, retry that one",
    )
    assert await outcomes(site) == ["done", "failed"]


async def test_the_page_of_a_failed_run_has_a_button_that_shows_what_it_does_first(site: Site) -> None:
    run_id = await failed(site)
    cookie, path = await site.log_in(KEY), f"/runs/{run_id}"

    shown = await site.ask("GET", path, cookie=cookie)
    button = '<input type="hidden" name="from" value="then.0"><button>Retry from here</button>'
    assert shown.text.count(button) == shown.text.count("Retry from here") == 1
    plan = await site.ask("POST", path, cookie=cookie, data={"from": "then.0"})
    assert (plan.status, "Retry the run of rule fails from then.0" in plan.text) == (200, True)
    assert "It cannot be taken back." in plan.text
    assert await outcomes(site) == ["failed"]

    done = await site.ask("POST", path, cookie=cookie, data=fields_of(plan.text))
    again = await site.ask("POST", path, cookie=cookie, data=fields_of(plan.text))
    await settle(site.b)

    assert (done.status, again.status) == (303, 409)
    assert await outcomes(site) == ["done", "failed"]
    after = (await site.ask("GET", path, cookie=cookie)).text
    assert "Retry from here" not in after
    assert "Retried as" in after


async def test_the_page_leads_behind_a_step_in_doubt(site: Site) -> None:
    faults = [Fault.REPLY_LOST]
    site.b.world.faults = lambda operation: faults.pop() if operation == "call" and faults else None
    site.b.world.answers = {"/no": (200, {})}
    use(site.b, "- {id: r, when: order.received, then: [{http: {via: crm, path: /no}}, {tag: told}]}")
    place(site.b.world, "shop", Cart(number="KK-1", lines=(("SKILLET-12", 1, 7900),), ship_to=home()))
    await pass_time(site.b, timedelta(hours=1))
    cookie = await site.log_in(KEY)
    [run] = (await site.ask("GET", "/api/v1/runs", key=KEY)).json["runs"]

    shown = (await site.ask("GET", f"/runs/{run['run_id']}", cookie=cookie)).text

    assert "Retry from here" not in shown
    assert '<input type="hidden" name="from" value="then.1"><button>Go on behind it</button>' in shown


async def test_a_run_about_stock_is_retried_by_its_id_with_slashes(site: Site) -> None:
    site.b.world.answers = {"/no": (400, {})}
    await in_force(site.b, "- {id: out, when: stock.out, then: [{http: {via: crm, path: /no}}]}")
    await count(site.b, 0)
    await settle(site.b)
    [run] = (await site.ask("GET", "/api/v1/runs", key=KEY)).json["runs"]
    site.b.world.answers["/no"] = (200, {})

    path = f"/api/v1/runs/{quote(run['run_id'], safe='')}/retry"
    made = await site.ask("POST", path, key=KEY, data=b'{"from": "then.0"}')
    await settle(site.b)

    assert (made.status, made.json["run_id"]) == (200, f"{run['run_id']}~2")
    shown = await site.ask("GET", f"/api/v1/runs/{quote(made.json['run_id'], safe='')}", key=KEY)
    assert (shown.json["outcome"], shown.json["again_of"]) == ("done", run["run_id"])

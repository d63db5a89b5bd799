"""Which broker chooses for which work is a policy, set whole and checked."""

import pytest

from schemas.policy import SetBrokers
from schemas.types import BrokerFigure, BrokerKind, BrokerRule
from tests.commands.in_memory import a_culm

RULES = (BrokerRule(vo="atlas", label="user", broker=BrokerKind.ANALYSIS),)
FIGURES = (BrokerFigure(key="OVERLOAD_MIN_QUEUE", value=30),)


def test_brokers_are_set_once_and_known() -> None:
    culm, command = a_culm(), SetBrokers(rules=RULES, figures=FIGURES)

    assert culm.send(command, "brokers", role="administrator").event_types == ("BrokersSet",)
    assert culm.send(command, "brokers", role="administrator").event_types == ()
    assert culm.state("policy", "brokers").broker_rules == RULES
    assert culm.state("policy", "brokers").broker_figures == FIGURES


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (SetBrokers(figures=(BrokerFigure(key="OVERLOAD", value=1),)), "figures 0: key is OVERLOAD, expected one of BASE_"),
        (
            SetBrokers(figures=(BrokerFigure(key="NQUEUELIMITSITE", value=-1),)),
            "figures 0: NQUEUELIMITSITE is -1, expected 0 or more",
        ),
        (SetBrokers(figures=FIGURES * 2), "figures: a key stands twice, expected each at most once"),
        (SetBrokers(rules=(BrokerRule(broker=BrokerKind.UNKNOWN),)), "rules: broker is UNKNOWN, expected GENERIC, "),
        (SetBrokers(rules=RULES * 2), "rules: a vo with a label stands twice, expected each at most once"),
    ],
)
def test_brokers_that_mean_nothing_are_refused(command: SetBrokers, message: str) -> None:
    answer = a_culm().send(command, "brokers", role="administrator")

    assert (answer.accepted, answer.reason) == (False, "BAD_BROKERS")
    assert answer.message is not None
    assert answer.message.startswith(message)


def test_brokers_under_another_key_are_refused() -> None:
    answer = a_culm().send(SetBrokers(rules=RULES), "shares", role="administrator")

    assert (answer.reason, answer.message) == ("BAD_KEY", "brokers were sent to 'shares', expected 'brokers'")


def test_an_operator_of_one_organisation_may_not_set_them() -> None:
    assert a_culm().send(SetBrokers(rules=RULES), "brokers", role="operator").accepted is False

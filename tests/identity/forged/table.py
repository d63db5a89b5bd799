"""The sixteen groups of credentials and requests that are refused, and where each is tried.

In: the cases of `tokens.py` and the names of tests. Out: `GROUPS`, `tried`, and `page`, which writes `docs/identity/refused.md`
(`python -m tests.identity.forged.table`). Guards: `test_table.py` fails for a group without a case and for a test that is gone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from math import prod
from pathlib import Path

from deploy.config import CHECKOUT
from tests.identity.forged.tokens import CASES

PAGE = CHECKOUT / "docs" / "identity" / "refused.md"
CASES_MIN = 150


@dataclass(frozen=True)
class Group:
    """One group. tests: `module.test`, modules below `tests`; each counts as often as it has parameters."""

    name: str
    title: str
    tests: tuple[str, ...]


GROUPS: tuple[Group, ...] = (
    Group("T1", "times: late, early, endless, of no sense", (
        "identity.test_tokens.test_a_remembered_token_is_denied_once_it_expires",
        "identity.test_agent_tokens.test_a_token_that_has_ended_is_refused_to_the_second",
        "api.test_access.test_an_expired_token_is_denied_although_its_owner_was_let_in_before",
    )),
    Group("T2", "algorithms, keys and forms", (
        "identity.test_tokens.test_a_key_that_the_token_brings_along_is_not_used",
        "identity.test_tokens.test_the_public_key_cannot_be_used_as_a_shared_secret",
        "identity.test_tokens.test_what_is_no_token_is_denied",
        "identity.test_key_sets.test_a_key_set_that_is_not_sound_is_refused_with_the_reason",
        "identity.test_revoked.test_a_signature_that_is_spelled_otherwise_makes_no_other_token",
    )),
    Group("T3", "issuers: strangers, removed ones, addresses inside", (
        "identity.test_forged_tokens.test_an_issuer_that_was_removed_is_denied_at_once",
        "identity.test_forged_tokens.test_a_key_of_one_issuer_signs_for_no_other",
        "identity.test_key_fetching.test_addresses_that_keys_may_not_be_fetched_from",
        "identity.test_key_fetching.test_a_redirect_is_not_followed",
        "cli.test_issuer.test_a_provider_that_is_not_sound_is_refused_by_name",
        "identity.test_key_fetching.test_a_discovery_document_that_is_not_sound_is_refused",
        "edge.test_door.test_no_other_token_is_believed_at_the_socket",
        "keycloak.test_logins.test_an_issuer_that_is_removed_is_refused_within_five_seconds",
    )),
    Group("T4", "audiences and kinds of tokens", (
        "identity.test_forged_tokens.test_the_audience_any_is_taken_only_where_the_row_says_so",
        "login.test_back_channel_logout.test_a_token_that_is_no_logout_token_for_us_ends_nothing",
        "login.test_back_channel_logout.test_an_id_token_ends_no_session_and_a_logout_token_begins_none",
        "login.test_browser_login.test_an_id_token_of_another_login_is_refused",
        "keycloak.test_logins.test_a_token_of_the_audience_of_another_service_is_refused",
    )),
    Group("T5", "what belongs to another organisation, on every route", (
        "api.test_tenants.test_every_parameter_of_every_route_has_a_value_to_ask_with",
        "api.test_tenants.test_no_answer_to_a_member_holds_a_byte_of_another_organisation",
        "monitor.test_another_organisation.test_a_member_of_another_organisation_sees_nothing",
        "monitor.test_another_organisation.test_an_open_page_of_another_organisation_tells_nothing",
        "identity.test_ruling.test_things_of_another_organisation_are_for_none_but_an_administrator_of_settings",
    )),
    Group("T6", "groups, scopes, versions and roles", (
        "identity.test_forged_tokens.test_groups_are_read_from_the_claim_of_the_profile_alone",
        "identity.test_forged_tokens.test_groups_of_another_vo_count_for_nothing",
        "identity.test_forged_tokens.test_only_capabilities_without_a_path_are_read",
        "identity.test_members.test_a_token_of_no_member_is_denied",
        "identity.test_members.test_a_token_for_reading_alone_reads_and_does_nothing_else",
        "identity.test_ruling.test_a_class_is_open_to_these_roles_and_no_others",
        "api.test_access.test_classes_of_routes_need_their_group",
        "api.test_routes.test_every_route_declares_exactly_one_class",
        "api.test_roles_on_every_route.test_every_route_that_is_closed_to_a_role_refuses_it_on_record",
        "api.test_routes.test_commands_that_culm_sends_itself_are_not_for_users_and_not_for_operators",
    )),
    Group("T7", "certificates, proxies and attribute certificates", (
        "edge.test_refused_chains.test_a_broken_chain_is_handed_on_by_no_handshake_and_leaves_its_sentence",
        "edge.test_refused_chains.test_a_revoked_person_and_an_expired_list_leave_their_sentence",
        "edge.test_chains.test_a_broken_chain_proves_no_one",
        "edge.test_edge.test_a_revoked_person_and_their_proxy_are_refused_without_a_restart",
        "edge.test_edge.test_an_authority_that_may_not_sign_for_a_name_proves_no_one_of_it",
        "edge.test_voms.test_attributes_that_have_ended_are_refused",
        "edge.test_voms.test_attributes_signed_by_a_host_that_the_list_does_not_name_are_refused",
        "edge.test_voms.test_attributes_of_a_vo_without_a_list_are_refused",
        "edge.test_voms.test_attributes_of_another_person_put_into_ones_own_proxy_are_refused",
        "edge.test_voms.test_attributes_that_are_nonsense_are_refused",
        "edge.test_door.test_a_limited_proxy_asks_as_a_pilot_and_submits_nothing",
    )),
    Group("T8", "headers from outside, requests that two servers read differently", (
        "edge.test_edge.test_no_header_by_which_a_client_says_who_it_is_passes_in_any_spelling",
        "edge.test_edge.test_a_vo_is_selected_by_either_header_and_a_page_of_another_site_selects_nothing",
        "edge.test_edge.test_a_request_that_two_servers_would_read_differently_reaches_no_second",
        "edge.test_door.test_a_token_of_the_edge_is_believed_at_its_socket_and_nowhere_else",
        "edge.test_door.test_an_api_without_an_edge_believes_no_one_who_says_they_come_from_it",
        "api.test_connections.test_a_head_that_is_too_large_is_refused",
    )),
    Group("T9", "used again, or by another: tokens of jobs, codes, keys of requests", (
        "identity.test_agent_tokens.test_a_job_token_opens_the_reports_of_its_job_alone",
        "identity.test_agent_tokens.test_a_worker_token_opens_its_queues_and_its_worker_alone",
        "identity.test_agent_tokens.test_a_user_route_is_closed_to_agents",
        "identity.test_enrolment_codes.test_a_code_that_was_used_is_refused_and_its_end_ends_every_token_of_it",
        "agents.test_agents_on_a_stack.test_what_a_worker_leased_no_other_worker_and_no_other_token_reports",
        "agents.test_agents_on_a_stack.test_a_code_that_is_used_twice_ends_both_with_an_alarm_and_a_record",
        "api.test_idempotency.test_a_key_of_another_user_stays_theirs",
        "login.test_browser_login.test_an_answer_works_once",
        "login.test_back_channel_logout.test_a_logout_token_works_once",
    )),
    Group("T10", "the device flow", (
        "login.test_device_flow.test_slow_down_becomes_pending_and_slows_us_down",
        "login.test_device_flow.test_a_code_of_another_vo_is_not_known",
        "login.test_device_flow.test_a_completed_login_gives_both_tokens_once",
        "login.test_device_flow.test_a_code_ends_with_the_providers",
        "login.test_device_flow.test_another_grant_is_refused",
        "login.test_device_flow.test_the_store_holds_nothing_that_logs_anyone_in",
        "keycloak.test_logins.test_a_device_code_that_was_not_issued_is_refused",
        "keycloak.test_logins.test_a_device_code_works_once",
        "keycloak.test_logins.test_polls_that_come_too_early_never_reach_the_provider",
    )),
    Group("T11", "resources: bodies, connections, streams, uploads, numbers", (
        "api.test_bodies.test_a_body_may_not_grow_over_the_limit",
        "api.test_connections.test_of_too_many_connections_without_a_request_the_oldest_end",
        "api.panda.test_sandbox_cache.test_one_user_uploads_a_bounded_number_of_bytes_a_day",
        "hostile.test_cases.test_an_absurd_number_breaks_its_own_task_only",
        "identity.test_refusals.test_a_flood_of_made_up_tokens_makes_few_records_and_hides_no_member",
        "edge.test_refused_chains.test_a_flood_of_failed_handshakes_makes_few_lines_and_their_number",
    )),
    Group("T12", "injection into pages, and requests of other sites", (
        "monitor.test_in_a_browser.test_text_of_users_never_becomes_markup",
        "monitor.test_in_a_browser.test_an_address_with_a_token_logs_no_one_in_who_does_not_agree",
        "monitor.test_filters.test_texts_are_escaped_with_any_content",
        "monitor.test_filters.test_no_user_is_sent_elsewhere_after_the_login",
        "login.test_browser_sessions.test_a_logout_from_another_site_ends_no_session",
        "login.test_browser_sessions.test_another_site_does_not_change_as_what_one_acts",
        "hostile.test_cases.test_a_file_name_never_runs_in_the_job_of_another",
    )),
    Group("T13", "planted secrets", (
        "faults.test_planted_secrets.test_no_secret_that_was_shown_or_made_stands_anywhere",
        "edge.test_planted_proxy.test_of_a_planted_proxy_nothing_stands_in_answers_headers_handed_on_logs_records_or_files",
        "process.test_core_files.test_a_process_that_aborts_leaves_nothing",
        "identity.test_refusals.test_what_a_token_claims_stands_in_no_record",
        "identity.test_tokens.test_a_denial_never_shows_the_token",
        "agents.test_agents_on_a_stack.test_a_payload_finds_no_key_and_no_token_of_others",
        "secrets.test_service.test_a_secret_is_kept_and_the_log_has_neither_its_name_nor_its_value",
    )),
    Group("T14", "the servers of the stack without their passwords, and accounts that read", (
        "deploy.test_passwords.test_a_consumer_reads_what_is_there_now_and_later_and_changes_nothing",
        "deploy.test_passwords.test_no_one_enters_the_database_without_its_password",
        "check.test_registry.test_a_real_registry_is_in_order_until_one_request_loosens_it",
        "process.test_kafka_security.test_a_password_that_others_can_read_is_refused",
        "deploy.test_kafka_accounts.test_no_one_enters_kafka_without_a_password_of_its_own",
        "deploy.test_kafka_accounts.test_controllers_speak_with_nodes_alone",
        "deploy.test_kafka_accounts.test_a_consumer_reads_events_and_nothing_that_is_not_meant_for_it",
        "deploy.test_kafka_accounts.test_a_consumer_joins_no_group_of_culm",
        "deploy.test_kafka_accounts.test_a_consumer_writes_deletes_and_alters_nothing",
        "eventlog.test_mirror.test_a_consumer_of_an_organisation_reads_its_copies_and_no_byte_of_another",
        "eventlog.test_mirror.test_a_consumer_of_an_organisation_joins_no_group_of_another",
        "eventlog.test_mirror.test_a_consumer_of_an_organisation_writes_nothing",
    )),
    Group("T15", "keys that change, providers that are away", (
        "identity.test_key_cache.test_a_provider_that_is_away_for_a_day_is_believed_and_for_two_is_not",
        "identity.test_provider_away.test_for_a_day_without_its_provider_tokens_are_believed_and_logins_say_why_not",
        "identity.test_provider_away.test_no_request_is_refused_while_a_provider_changes_its_key_without_a_word",
        "agents.test_keys_under_load.test_no_report_is_refused_while_the_keys_for_agents_change",
        "identity.test_provider_away.test_tokens_of_the_key_that_was_taken_away_are_refused_once_the_keys_are_fetched_again",
        "identity.test_key_cache.test_an_unknown_key_is_asked_for_at_most_once_a_minute",
        "identity.test_key_cache.test_a_set_that_is_not_sound_replaces_none",
        "identity.test_agent_keys.test_a_key_that_was_replaced_is_refused_within_seconds",
        "identity.test_agent_keys.test_over_a_year_every_token_is_believed_by_a_verifier_that_looks_each_six_hours",
        "api.test_access.test_a_token_of_a_replaced_key_is_denied",
        "keycloak.test_logins.test_a_key_that_the_provider_begins_to_use_is_believed_at_once",
    )),
    Group("T16", "refusals on record, revocations", (
        "identity.test_refusals.test_the_gate_records_every_refusal_with_its_rule",
        "identity.test_refusals.test_an_owner_only_refusal_is_recorded_once",
        "identity.test_revoked.test_a_revoked_identity_is_refused_although_its_token_is_remembered",
        "identity.test_revoked.test_tokens_from_before_a_time_are_refused_and_later_ones_are_not",
        "conformance.test_revoked_client.test_a_revoked_user_reads_why_in_the_clients_own_form",
        "agents.test_a_revoked_user.test_a_revoked_user_is_refused_and_the_payloads_stop_and_no_one_else_is_disturbed",
        "faults.test_two_of_each.test_who_is_revoked_is_refused_by_every_api_and_taken_again_when_restored",
    )),
)  # fmt: skip


def tried(group: Group) -> int:
    """How many cases `group` has; raises AttributeError for a test that is gone."""
    own = sum(case.group == group.name for case in CASES)
    return own + sum(_times(test) for test in group.tests)


def _times(test: str) -> int:
    module, _, name = test.rpartition(".")
    function = getattr(import_module(f"tests.{module}"), name)
    marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
    return prod(len(list(mark.args[1])) for mark in marks)


HEAD = """# What is refused, and where that is tried

Made by `python -m tests.identity.forged.table`. The overview is [identity.md](../identity.md).

A forged, stolen, late or widened credential is refused with 401 or 403; the answer says that it is not believed and nothing
more, and the refusal is on record with its rule (`culm refusals`; of certificates also `certificate_refused` in the edge's log).
Every token of the own cases is given to the verifier and sent to three fronts of an API
(`tests/identity/forged/`); every broken chain is tried in a real handshake. Each rule of the verifiers of tokens and of
certificates is left out in turn, and a case finds it (`test_skipped_rules.py`; a rule that is added needs one).
`tests/identity/forged/test_table.py` fails for a group without a case, and for a test that is gone.

| group | what | own cases | tests |
|---|---|---:|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(_rows()) + "\n"


def _rows() -> Iterator[str]:
    for group in GROUPS:
        own = sum(case.group == group.name for case in CASES)
        files = dict.fromkeys(f"`tests/{test.rpartition('.')[0].replace('.', '/')}.py`" for test in group.tests)
        yield f"| {group.name} | {group.title} | {own or ''} | {', '.join(files)} |"


def write(path: Path = PAGE) -> None:
    """Write the page."""
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()

"""The chain of accounts on demand: find files, read each, conclude, publish."""

from __future__ import annotations

from prefect import flow
from pydantic.json_schema import SkipJsonSchema

from schemas.chain import ChainRequest
from sentree.settings import Settings, load_settings
from tasks.chain import conclude_accounts, list_accounts, read_account
from tasks.run_tags import tag_flow_run
from tasks.timeline import publish_result


@flow(name="chain", flow_run_name="chain {request.title}", validate_parameters=True)
def chain(request: ChainRequest, settings: SkipJsonSchema[Settings | None] = None) -> str:
    """Give accounts of incidents their ATT&CK chains; gives the run's uid."""
    settings = settings or load_settings()
    tag_flow_run("kind:chain")
    files = read_account.map(list_accounts(request)).result()
    result, run_dir = conclude_accounts(settings, request, files)
    publish_result(result, run_dir, request.formats)
    return result.run_uid

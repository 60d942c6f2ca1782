"""Makes boto3 sessions; with AWS_ROLE_ARN, their credentials are that role's."""

import os
from collections.abc import Callable, Mapping

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials, create_assume_role_refresher
from botocore.exceptions import ClientError, CredentialRetrievalError

_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=15)
#: Errors of STS that no retry mends.
_REFUSALS = frozenset(
    {
        *("AccessDenied", "InvalidClientTokenId", "SignatureDoesNotMatch", "ValidationError", "MalformedPolicyDocument"),
        *("RegionDisabledException", "MissingAuthenticationToken", "UnrecognizedClientException"),
    }
)


def aws_session(environment: Mapping[str, str] = os.environ) -> boto3.session.Session:
    """Make a session from the environment, in AWS_REGION.

    With AWS_ROLE_ARN that role is assumed when credentials are first needed, and again before they expire;
    AWS_EXTERNAL_ID and AWS_ROLE_SESSION_NAME are passed on. With AWS_WEB_IDENTITY_TOKEN_FILE too, boto3 itself assumes the
    role with that token.

    Raises (when credentials are needed):
        CredentialRetrievalError: STS refuses the role.
    """
    # A new session, as making clients from boto3's default one is not thread-safe. boto3 does not read AWS_REGION.
    core = botocore.session.get_session()
    region = environment.get("AWS_REGION") or None
    role = environment.get("AWS_ROLE_ARN")
    if role and not environment.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        core._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]  # noqa: SLF001  botocore offers no setter for refreshable ones
            refresh_using=_role_refresher(role, environment), method="assume-role"
        )
    return boto3.session.Session(botocore_session=core, region_name=region)


def _role_refresher(role: str, environment: Mapping[str, str]) -> Callable[[], object]:
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1"
    request = {"RoleArn": role, "RoleSessionName": environment.get("AWS_ROLE_SESSION_NAME") or "sceneburst"}
    if external_id := environment.get("AWS_EXTERNAL_ID"):
        request["ExternalId"] = external_id

    def assume() -> object:
        try:
            sts = boto3.session.Session().client("sts", region_name=region, config=_CONFIG)
            return create_assume_role_refresher(sts, request)()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _REFUSALS:
                raise
            # As a ClientError it would look like a refusal of the call that needs the credentials.
            raise CredentialRetrievalError(provider=f"AWS_ROLE_ARN {role}", error_msg=str(error)) from error

    return assume

"""The CloudFormation template as data; `!Sub x` becomes {"Sub": "x"}, and so on."""

from pathlib import Path
from typing import Any

import boto3
import yaml

PATH = Path(__file__).parents[2] / "deploy" / "sceneburst.yaml"


class _Loader(yaml.SafeLoader):
    """Knows CloudFormation's short forms."""


def _short_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


#: Parameters with which the template makes nothing that moto's CloudFormation lacks but is referred to: no cache, so no
#: passwords of its own either.
OWN_REDIS = {
    "RedisHost": "redis.example.org",
    "RedisCidr": "10.7.0.0/16",
    "ProducerSecret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:Producer",
    "WorkerSecret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:Worker",
    "DispatcherSecret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:Dispatcher",
}


def body_for_moto() -> str:
    """The template's own text but for one thing: the one secret that is always made is there already."""
    body = PATH.read_text(encoding="utf-8")
    return body.replace("!Ref WebhookSecret", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:WebhookSecret")


def deploy(name: str, **more: str) -> dict[str, str]:
    """Make a stack of it in moto, with a Redis of one's own; the outputs."""
    client = boto3.client("cloudformation")
    client.create_stack(
        StackName=name,
        TemplateBody=body_for_moto(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in {**OWN_REDIS, **more}.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    (stack,) = client.describe_stacks(StackName=name)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def template() -> dict[str, Any]:
    """The whole template."""
    return dict(yaml.load(PATH.read_text(encoding="utf-8"), Loader=_Loader))

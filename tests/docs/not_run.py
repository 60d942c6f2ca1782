"""The blocks that the tests do not run, each with its reason."""

_INSTALLS = "installs from the network; the packages' own tests install every documented set of extras"
_MAKE = _INSTALLS + "; its second line is this suite"
_IMAGE = "needs the image; `make image-test` runs it"
_CLOUD = "needs an AWS account; tests/deploy runs it against a simulated one"

#: Page and first line -> why.
NOT_RUN: dict[tuple[str, str], str] = {
    ("README.md", "make demo    # render the example job into output/demo, on this machine"): _MAKE,
    ("README.md", "pip install '.[all]'"): _INSTALLS,
    ("docs/http-api.md", "pip install '.[api,console]'"): _INSTALLS,
    ("docs/deploying.md", "make image                 # docker or buildah; BASE=… for another Debian 12, IMAGE_FLAGS=… for the builder's own flags"): _IMAGE,  # noqa: E501
    ("docs/deploying.md", "docker run --rm --entrypoint cat sceneburst /opt/sceneburst/sbom.cdx.json > sbom.cdx.json"): _IMAGE,
    ("docs/deploying.md", "deploy/up REGISTRY/sceneburst@sha256:… --parameter AlarmEmail=you@example.org"): _CLOUD,
    ("docs/deploying.md", 'RUN_AS="$(id -u):$(id -g)" docker compose -f deploy/compose.yaml up'): _IMAGE,
}  # fmt: skip

"""Reads the measured rates: the processing time of a unit of weight, by need."""

from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import whole_number


def read_rates(connection: Connection) -> dict[str, float]:
    """Return need -> processing seconds per unit of weight on one slot; needs without a measurement are absent.

    Rates are measured for all structures together, so a need has the same one in each.
    """
    fields = connection.answer("hgetall", connection.keys.rates) or {}
    needs = {field.rpartition(":")[0] for field in fields}
    weights = {need: whole_number(fields.get(f"{need}:weight_ms")) for need in needs}
    rates = {need: whole_number(fields.get(f"{need}:busy_ms")) / weight for need, weight in weights.items() if weight > 0}
    return {each.need(need): rate for each in connection.all for need, rate in rates.items()}

"""Verifies joined files against the plan and the reports of the items that encoded them."""

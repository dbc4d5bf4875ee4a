"""Audits a deployment: what happened on the chain, again in the model, compared payout by payout and state by state.

`chain` asks the node, `history` keeps what was fetched, `events` reads logs, `calls` finds the calls behind them, `replay` runs these
through the model, `stored` reads the stored state, `rules` says which rule a field is of, `auditor` puts it together.
"""

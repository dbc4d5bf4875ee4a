"""The search for a sequence of calls that pays (L8), and the price of the one way left. `docs/search.md` tells what they find."""

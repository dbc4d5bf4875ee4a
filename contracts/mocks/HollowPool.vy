# pragma version 0.4.3
"""
@title Hollow pool
@license MIT
@notice What the Founder's systems are given for pools: so small that one system can have as many as it takes. It is a
        token too, as far as the Controller looks, so that each can be of a pair with the one before.
"""


@external
@view
def decimals() -> uint256:
    return 18

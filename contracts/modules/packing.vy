# pragma version 0.4.3
"""
@title Packing
@license MIT
@notice A word that holds two amounts of 112 bits and, in its highest 32 bits, something small beside them: a time, the
        number of an epoch or of a generation.
@dev What does not fit its place reverts, as arithmetic does. No amount that is packed is above `fixed_point.MAX`; times
     fit until 2106, and so do the numbers of epochs of an hour or more.
"""

from . import fixed_point


@internal
@pure
def _pack(first: uint256, second: uint256, beside: uint256) -> uint256:
    """
    @notice Three parts as one word.
    @param first An amount.
    @param second An amount.
    @param beside Less than 2**32.
    @return The word.
    """
    assert (first | second) >> 112 | beside >> 32 == 0
    return first | (second << 112) | (beside << 224)


@internal
@pure
def _unpack(word: uint256) -> (uint256, uint256, uint256):
    """
    @notice The three parts of a word.
    @param word The word.
    @return The first amount.
    @return The second amount.
    @return What stands beside them.
    """
    return word & fixed_point.MAX, (word >> 112) & fixed_point.MAX, word >> 224

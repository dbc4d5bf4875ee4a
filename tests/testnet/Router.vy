# pragma version 0.4.3
"""
@title Router
@license MIT
@notice Makes several calls in one transaction, with itself as their sender: as contracts do that build on others. For tests.
"""

struct Call:
    target: address
    data: Bytes[512]


@external
def make(calls: DynArray[Call, 16], all_succeed: bool):
    """
    @notice Make calls, one after the other.
    @param calls The calls.
    @param all_succeed Whether one that fails undoes all, or leaves nothing but itself undone.
    """
    for call: Call in calls:
        if all_succeed:
            raw_call(call.target, call.data)
        else:
            success: bool = raw_call(call.target, call.data, revert_on_failure=False)

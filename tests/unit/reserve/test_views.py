"""What the Reserve tells about itself."""


def test_the_controller(reserve, controller):
    assert reserve.controller() == controller


def test_it_starts_empty(reserve, system):
    for name in ("base", "quote", "dlq"):
        assert reserve.held(system.contracts[name]) == 0


def test_it_has_no_function_but_those_of_the_rules(project):
    functions = {method.name for method in project.Reserve.contract_type.methods}
    assert functions == {"absorb", "draw", "held", "controller"}

"""What all commands of the engine have in common."""

import click


class OneLineErrors(click.Command):
    """A command that says in one line what is wrong with how it was called."""

    def make_context(self, *arguments, **options) -> click.Context:
        try:
            return super().make_context(*arguments, **options)
        except click.UsageError as error:
            raise _in_one_line(error) from error

    def invoke(self, context: click.Context):
        try:
            return super().invoke(context)
        except click.UsageError as error:
            raise _in_one_line(error) from error


def _in_one_line(error: click.UsageError) -> click.ClickException:
    short = click.ClickException(f"{error.format_message()} (--help tells what there is)")
    short.exit_code = error.exit_code
    return short

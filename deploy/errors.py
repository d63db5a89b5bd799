"""What can keep the stack from running, told so that the reader knows what to do next.

StackError
  +-- MissingTool       Java or Maven is not there, or too old
  +-- PortTaken         another process listens on our port
  +-- DidNotStart       a process of ours did not answer in time; carries the end of its log
  +-- StepFailed        schemas, migrations or the local queue were refused
  +-- AlreadyUp         the stack runs with other addresses than the environment asks for
  +-- NotUp             the command needs a running stack
"""

from process.supervised import NotSupervised


class StackError(Exception):
    """The stack cannot do what was asked; the message says why and what to do."""


class MissingTool(StackError):
    """A program that must be installed on the machine was not found."""


class PortTaken(StackError):
    """A port we need is held by a process that is not ours."""


class DidNotStart(StackError):
    """A process was started but never answered."""


class StepFailed(StackError):
    """A start-up step ended with an error."""


class AlreadyUp(StackError):
    """The running stack and the environment disagree."""


class NotUp(StackError, NotSupervised):
    """There is no running stack under this CULM_HOME."""

"""What the tests of reports share."""

from tests.cast import cast as cast

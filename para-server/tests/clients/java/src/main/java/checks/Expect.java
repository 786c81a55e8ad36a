package checks;

import java.util.Objects;

/** Assertions with a message that says what was found. */
final class Expect {

	private Expect() {
	}

	static void equal(Object expected, Object found) {
		if (!Objects.equals(expected, found)) {
			throw new AssertionError("expected " + expected + ", found " + found);
		}
	}

	static void isTrue(boolean condition, String message) {
		if (!condition) {
			throw new AssertionError("not true: " + message);
		}
	}

	static void missing(Object found) {
		if (found != null) {
			throw new AssertionError("expected nothing, found " + found);
		}
	}
}

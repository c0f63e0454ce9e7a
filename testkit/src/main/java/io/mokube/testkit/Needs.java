package io.mokube.testkit;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * Parts that a test can't do without. In continuous integration (environment variable {@code CI}) a missing part fails
 * the test; on a user's machine the test is skipped and says what is missing.
 */
public final class Needs {

    private Needs() {}

    /**
     * Goes on only when the part is there.
     *
     * @param what the part, for the message
     */
    public static void part(String what, boolean present) {
        if (present) {
            return;
        }
        String message = "this test needs " + what + ": `mokube setup --for tests` installs what can be installed";
        if (System.getenv("CI") != null) {
            Assertions.fail(message);
        }
        Assumptions.abort(message);
    }
}

package io.mokube.proxy.policy.compile;

/** What becomes of a packet that was found; of an element of a set, that it is there. */
public sealed interface Verdict {

    /** As nftables writes it. */
    String text();

    /** The element is in a set. */
    enum Present implements Verdict {
        PRESENT;

        @Override
        public String text() {
            return "";
        }
    }

    /** It may pass, as far as this direction goes. */
    enum Return implements Verdict {
        RETURN;

        @Override
        public String text() {
            return "return";
        }
    }

    /** A chain decides, and the packet comes back if it may pass. */
    record Jump(String chain) implements Verdict {
        @Override
        public String text() {
            return "jump " + chain;
        }
    }

    /** A chain decides in place of this one. */
    record Goto(String chain) implements Verdict {
        @Override
        public String text() {
            return "goto " + chain;
        }
    }
}

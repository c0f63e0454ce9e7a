package io.mokube.standalone.command;

import java.io.PrintWriter;

/** Tells the user what is going on, one flushed line at a time. */
final class Progress {

    private final PrintWriter out;

    Progress(PrintWriter out) {
        this.out = out;
    }

    void say(String line) {
        out.println(line);
        out.flush();
    }
}

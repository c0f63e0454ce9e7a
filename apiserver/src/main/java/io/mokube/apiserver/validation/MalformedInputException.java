package io.mokube.apiserver.validation;

/** A document or a value in it can't be read; the message says why, without saying which object it was for. */
public final class MalformedInputException extends Exception {

    private final String explanation;

    public MalformedInputException(String explanation) {
        super(explanation, null, false, false);
        this.explanation = explanation;
    }

    /** What is wrong. */
    public String explanation() {
        return explanation;
    }
}

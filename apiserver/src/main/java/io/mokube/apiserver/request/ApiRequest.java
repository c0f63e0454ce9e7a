package io.mokube.apiserver.request;

import io.mokube.apiserver.authn.User;
import java.util.ArrayList;
import java.util.List;

/** A request whose sender is known and allowed to ask. */
public final class ApiRequest {

    private final RequestInfo info;
    private final Query query;
    private final User user;
    private final Form form;
    private final String contentType;
    private final Headers headers;
    private final Body body;
    private final RawRequest raw;
    private final List<String> warnings = new ArrayList<>();

    /**
     * @param form the form the client wants objects in
     * @param headers the headers that few verbs look at
     * @param contentType the media type of the body, without parameters and in lower case, {@code ""} when not given
     * @param raw the request as it was sent
     */
    public ApiRequest(
            RequestInfo info,
            Query query,
            User user,
            Form form,
            Headers headers,
            String contentType,
            Body body,
            RawRequest raw) {
        this.info = info;
        this.query = query;
        this.user = user;
        this.form = form;
        this.headers = headers;
        this.contentType = contentType;
        this.body = body;
        this.raw = raw;
    }

    public RequestInfo info() {
        return info;
    }

    public Query query() {
        return query;
    }

    public User user() {
        return user;
    }

    public Form form() {
        return form;
    }

    public Headers headers() {
        return headers;
    }

    public String contentType() {
        return contentType;
    }

    /**
     * The body, read when it is asked for.
     *
     * @throws io.mokube.machinery.error.ApiException 413 when it is too large
     */
    public byte[] body() {
        return body.read();
    }

    /** The request as it was sent. */
    public RawRequest raw() {
        return raw;
    }

    /** Sentences for the answer's {@code Warning} headers. */
    public List<String> warnings() {
        return warnings;
    }

    /** Adds a sentence for the answer's {@code Warning} headers, once. */
    public void warn(String sentence) {
        if (!warnings.contains(sentence)) {
            warnings.add(sentence);
        }
    }

    /** Reads headers by name, {@code ""} for those not sent. */
    @FunctionalInterface
    public interface Headers {
        String get(String name);
    }

    /** Reads a request's body. */
    @FunctionalInterface
    public interface Body {
        byte[] read();
    }
}

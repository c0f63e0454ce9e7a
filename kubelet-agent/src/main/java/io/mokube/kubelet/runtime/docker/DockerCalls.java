package io.mokube.kubelet.runtime.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.exception.NotModifiedException;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Calls to one engine, each with a time it may take. The client library's own timeouts do not hold on Unix sockets, so each
 * call has a thread that is interrupted, which closes its connection.
 */
final class DockerCalls implements AutoCloseable {

    static final Duration TIMEOUT = Duration.ofMinutes(2);

    private static final Pattern LIBRARY_MESSAGE = Pattern.compile("Status (\\d+): (.*)", Pattern.DOTALL);

    private final Path socket;
    private final DockerClient client;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /** Does not connect yet. */
    DockerCalls(Path socket) {
        this.socket = socket;
        String host = "unix://" + socket;
        DefaultDockerClientConfig config = DefaultDockerClientConfig.createDefaultConfigBuilder()
                .withDockerHost(host)
                .withDockerTlsVerify(false)
                .build();
        client = DockerClientImpl.getInstance(
                config,
                new ZerodepDockerHttpClient.Builder()
                        .dockerHost(config.getDockerHost())
                        .build());
    }

    /** Something to ask of the engine. */
    @FunctionalInterface
    interface Call<T> {
        T on(DockerClient docker) throws InterruptedException, IOException;
    }

    <T> T call(Call<T> call) {
        return call(TIMEOUT, call);
    }

    <T> T call(Duration timeout, Call<T> call) {
        return within(timeout, () -> call.on(client));
    }

    /** The same, where the absence of what it names is an answer, as is nothing. */
    <T> Optional<T> find(Call<T> call) {
        try {
            return Optional.ofNullable(call(call));
        } catch (RuntimeCallException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** What the engine says at a path of its API, with what the library's own types leave out. */
    JsonNode read(String path) {
        return within(TIMEOUT, () -> Json.MAPPER.readTree(HijackedConnection.read(socket, path)));
    }

    /** Something to have done. */
    @FunctionalInterface
    interface Order {
        void on(DockerClient docker);
    }

    /** Has something done; what is gone, or is so already, is as good. */
    void settle(Duration timeout, Order order) {
        call(timeout, docker -> {
            try {
                order.on(docker);
                return true;
            } catch (NotFoundException | NotModifiedException e) {
                return false;
            }
        });
    }

    /** Runs something that talks to the engine, and interrupts it when the time is over or the caller gives up. */
    <T> T within(Duration timeout, Callable<T> work) {
        Future<T> result = threads.submit(work);
        try {
            return result.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw failure(e);
        } catch (TimeoutException e) {
            result.cancel(true);
            throw new RuntimeCallException(
                    Kind.TIMEOUT, "Docker did not answer within " + timeout.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            result.cancel(true);
            Thread.currentThread().interrupt();
            throw new RuntimeCallException(Kind.CANCELLED, "interrupted", e);
        }
    }

    /** What made work fail that another thread did. */
    static RuntimeCallException failure(ExecutionException failed) {
        Throwable cause = failed.getCause() == null ? failed : failed.getCause();
        if (cause instanceof RuntimeCallException known) {
            return known;
        }
        if (cause instanceof DockerException answered) {
            Matcher message = LIBRARY_MESSAGE.matcher(String.valueOf(answered.getMessage()));
            return message.matches()
                    ? refusal(Integer.parseInt(message.group(1)), message.group(2))
                    : refusal(answered.getHttpStatus(), String.valueOf(answered.getMessage()));
        }
        Throwable root = cause;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root instanceof IOException
                ? new RuntimeCallException(Kind.UNAVAILABLE, "Docker can't be reached: " + root.getMessage(), cause)
                : new RuntimeCallException(Kind.FAILED, String.valueOf(cause.getMessage()), cause);
    }

    /** What the engine's answer means, in the words of its own command. */
    static RuntimeCallException refusal(int status, String body) {
        String message;
        try {
            message = Json.MAPPER.readTree(body).path("message").asString(body).strip();
        } catch (JacksonException e) {
            message = body.strip();
        }
        return new RuntimeCallException(
                status == 404 ? Kind.NOT_FOUND : Kind.FAILED, "Error response from daemon: " + message);
    }

    @Override
    public void close() {
        threads.shutdownNow();
        try {
            client.close();
        } catch (IOException e) {
            throw new RuntimeCallException(Kind.FAILED, "the connection to Docker did not close", e);
        }
    }
}

package io.mokube.kubelet.runtime.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.PullResponseItem;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Listens to a pull to its end. Closing it gives the pull up. */
final class PullProgress implements ResultCallback<PullResponseItem> {

    private final CompletableFuture<@Nullable Void> end = new CompletableFuture<>();
    private volatile @Nullable Closeable connection;

    @Override
    public void onStart(Closeable answer) {
        connection = answer;
    }

    @Override
    public void onNext(PullResponseItem item) {
        // The engine has answered 200 long ago when a pull fails halfway.
        if (item.isErrorIndicated() && item.getErrorDetail() != null) {
            end.completeExceptionally(new RuntimeCallException(
                    Kind.FAILED, String.valueOf(item.getErrorDetail().getMessage())));
        }
    }

    @Override
    public void onError(Throwable failure) {
        end.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        end.complete(null);
    }

    /** Waits for the end of the pull, and throws what made it fail. */
    void await() throws InterruptedException {
        try {
            end.get();
        } catch (ExecutionException e) {
            throw DockerCalls.failure(e);
        }
    }

    @Override
    public void close() throws IOException {
        Closeable answer = connection;
        if (answer != null) {
            answer.close();
        }
    }
}

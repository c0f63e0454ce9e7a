package io.mokube.apiserver.verbs;

import io.mokube.apiserver.authn.SecretTokens;
import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.ownership.FieldManager;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.time.LocalDate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes on a secret the day on which its token was last used, beside the request that used it. */
public final class TokenUse implements SecretTokens.Usage {

    private static final Logger log = LoggerFactory.getLogger(TokenUse.class);
    private static final GroupResource SECRETS = new GroupResource("", "secrets");

    private final Backend backend;
    private final Writes writes;
    private final Writes.Writer writer;

    /** One write at a time for each secret: the requests that come meanwhile need none. */
    private final Set<ObjectKey> busy = ConcurrentHashMap.newKeySet();

    public TokenUse(Backend backend) {
        this.backend = backend;
        this.writes = new Writes(backend);
        this.writer = new Writes.Writer(
                new User("system:apiserver", List.of(User.SYSTEM_MASTERS, User.AUTHENTICATED)),
                false,
                warning -> {},
                new FieldManager("kube-apiserver", false, "v1", ""));
    }

    @Override
    public void used(ObjectKey secret, LocalDate day) {
        if (busy.add(secret)) {
            Thread.ofVirtual().name("token use").start(() -> {
                try {
                    write(secret, day);
                } finally {
                    busy.remove(secret);
                }
            });
        }
    }

    private void write(ObjectKey secret, LocalDate day) {
        try {
            writes.update(backend.resources().find(SECRETS).orElseThrow(), secret, "", writer, current -> {
                KubeObject labelled = current.deepCopy();
                labelled.metadata().withObjectProperty("labels").put(SecretTokens.LAST_USED, day.toString());
                return labelled;
            });
        } catch (ApiException e) {
            // Gone meanwhile, or the store is away: the next use tells again.
            log.atDebug()
                    .setMessage("the use of a token was not noted")
                    .addKeyValue("secret", secret)
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }
}

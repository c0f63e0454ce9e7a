package io.mokube.controllermanager.controllers.tokens;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Gives secrets of type {@code kubernetes.io/service-account-token} the token, the namespace and the certificate of the
 * API server, and removes those whose account is gone or is another one. Idle without a key to sign with.
 */
public final class ServiceAccountTokenController {

    private static final String NAME = "serviceaccount-token-controller";
    private static final int WORKERS = 5;

    private final Store<Secret> secrets;
    private final Store<ServiceAccount> accounts;
    private final ResourceClient<Secret> secretClient;
    private final ResourceClient<ServiceAccount> accountClient;
    private final TokenSigner signer;
    private final String rootCaPem;

    /** An account that may still name a secret which is gone. */
    private record Reference(ObjectKey account, String secret) {}

    private ServiceAccountTokenController(
            Store<Secret> secrets, Store<ServiceAccount> accounts, TokenSigner signer, ControllerContext context) {
        this.secrets = secrets;
        this.accounts = accounts;
        this.secretClient = context.client().resource(Secret.class);
        this.accountClient = context.client().resource(ServiceAccount.class);
        this.signer = signer;
        this.rootCaPem = context.config().rootCaPem();
    }

    public static Controller create(ControllerContext context) {
        Optional<TokenSigner> signer = context.config().keys().serviceAccounts().map(TokenSigner::new);
        if (signer.isEmpty()) {
            return Controller.of(NAME, List.of());
        }
        Informer<Secret> secrets = TokenSecrets.informer(context);
        Informer<ServiceAccount> accounts = context.informers().informer(ServiceAccount.class);
        ServiceAccountTokenController controller =
                new ServiceAccountTokenController(secrets.store(), accounts.store(), signer.get(), context);
        ReconcileLoop<ObjectKey> tokens = new ReconcileLoop<>(NAME, WORKERS, controller::reconcile, context.platform());
        ReconcileLoop<Reference> references =
                new ReconcileLoop<>(NAME + "-references", 1, controller::forget, context.platform());
        secrets.addHandler(Handler.each(secret -> tokens.queue().add(Ownership.key(secret))));
        secrets.addHandler(new Handler<>() {
            @Override
            public void deleted(Secret last) {
                references
                        .queue()
                        .add(new Reference(
                                TokenSecrets.account(last), last.getMetadata().getName()));
            }
        });
        accounts.addHandler(Handler.each(account -> secrets.store().list(Ownership.namespace(account)).stream()
                .filter(secret -> TokenSecrets.account(secret).equals(Ownership.key(account)))
                .forEach(secret -> tokens.queue().add(Ownership.key(secret)))));
        return Controller.of(NAME, List.of(secrets, accounts), tokens, references);
    }

    private Outcome reconcile(ObjectKey key) {
        Optional<Secret> found = secrets.get(key).filter(each -> !Ownership.isBeingDeleted(each));
        if (found.isEmpty()) {
            return Outcome.done();
        }
        Secret secret = found.get();
        ObjectKey account = TokenSecrets.account(secret);
        if (account.name().isEmpty()) {
            return Outcome.giveUp("the secret names no service account");
        }
        // That an account is missing is believed only of the server.
        Optional<ServiceAccount> owner = accounts.get(account)
                .filter(each -> TokenSecrets.isFor(secret, each))
                .or(() -> accountClient.get(account).filter(each -> TokenSecrets.isFor(secret, each)));
        try {
            if (owner.isEmpty()) {
                secretClient.delete(
                        key, DeleteOptions.DEFAULT.withUid(secret.getMetadata().getUid()));
            } else {
                Secret filled = filled(secret, owner.get());
                if (!filled.equals(secret)) {
                    secretClient.update(filled);
                }
            }
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) { // the change brings its key back
                throw e;
            }
        }
        return Outcome.done();
    }

    /** The secret with what it lacks; itself when it lacks nothing. */
    private Secret filled(Secret secret, ServiceAccount account) {
        SecretBuilder builder = new SecretBuilder(secret);
        if (TokenSecrets.text(secret, TokenSecrets.TOKEN).isEmpty()) {
            builder.addToData(
                    TokenSecrets.TOKEN,
                    base64(signer.sign(account, secret.getMetadata().getName())));
        }
        if (TokenSecrets.text(secret, TokenSecrets.NAMESPACE).isEmpty()) {
            builder.addToData(TokenSecrets.NAMESPACE, base64(Ownership.namespace(secret)));
        }
        if (!rootCaPem.isEmpty() && !TokenSecrets.text(secret, TokenSecrets.CA).equals(rootCaPem)) {
            builder.addToData(TokenSecrets.CA, base64(rootCaPem));
        }
        Map<String, String> annotations = Map.of(
                TokenSecrets.ACCOUNT_NAME,
                account.getMetadata().getName(),
                TokenSecrets.ACCOUNT_UID,
                account.getMetadata().getUid());
        return builder.editMetadata()
                .addToAnnotations(annotations)
                .endMetadata()
                .build();
    }

    /** Takes a secret that is gone out of its account's list. */
    private Outcome forget(Reference reference) {
        Optional<ServiceAccount> account = accountClient
                .get(reference.account())
                .filter(each -> TokenSecrets.isReferenced(each, reference.secret()));
        ObjectKey secret = new ObjectKey(reference.account().namespace(), reference.secret());
        if (account.isPresent() && secretClient.get(secret).isEmpty()) {
            accountClient.update(new ServiceAccountBuilder(account.get())
                    .removeMatchingFromSecrets(each -> reference.secret().equals(each.getName()))
                    .build());
        }
        return Outcome.done();
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}

package io.mokube.apiserver.pipeline;

import io.mokube.apiserver.authn.ServiceAccountTokens;
import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.apiserver.authz.Authorizer.Decision;
import io.mokube.apiserver.authz.Refusals;
import io.mokube.machinery.error.ApiException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Lets a user who may do so act as another one: the headers {@code Impersonate-…}. */
final class Impersonation {

    private static final String USER = "Impersonate-User";
    private static final String GROUP = "Impersonate-Group";
    private static final String UID = "Impersonate-Uid";
    private static final String EXTRA = "impersonate-extra-";
    private static final String AUTHENTICATION = "authentication.k8s.io";
    private static final String ACCOUNT_PREFIX = "system:serviceaccount:";

    private final Authorizer authorizer;

    Impersonation(Authorizer authorizer) {
        this.authorizer = authorizer;
    }

    /**
     * Who the request is made as: nearly always who makes it.
     *
     * @throws ApiException 403 when that is not allowed
     */
    User actingUser(User user, RequestHeaders headers) {
        List<String> names = headers.all(USER);
        List<String> groups = headers.all(GROUP);
        List<String> uids = headers.all(UID);
        if (names.isEmpty()) {
            if (!groups.isEmpty() || !uids.isEmpty()) {
                throw ApiException.badRequest(
                        "requested impersonation of groups or a UID without impersonating a user");
            }
            return user;
        }
        Map<String, List<String>> extra = extra(headers);
        String name = names.getFirst();
        String uid = uids.isEmpty() ? "" : uids.getFirst();
        List<String> acting = new ArrayList<>(groups);
        String[] account = name.startsWith(ACCOUNT_PREFIX)
                ? name.substring(ACCOUNT_PREFIX.length()).split(":", -1)
                : new String[0];
        if (account.length == 2) {
            demand(user, "", "serviceaccounts", "", account[0], account[1]);
            if (groups.isEmpty()) {
                acting.addAll(ServiceAccountTokens.groups(account[0]));
            }
        } else {
            demand(user, "", "users", "", "", name);
        }
        groups.forEach(group -> demand(user, "", "groups", "", "", group));
        extra.forEach(
                (key, values) -> values.forEach(value -> demand(user, AUTHENTICATION, "userextras", key, "", value)));
        if (!uid.isEmpty()) {
            demand(user, AUTHENTICATION, "uids", "", "", uid);
        }
        String general = name.equals(User.ANONYMOUS) ? User.UNAUTHENTICATED : User.AUTHENTICATED;
        if (!acting.contains(User.AUTHENTICATED) && !acting.contains(User.UNAUTHENTICATED)) {
            acting.add(general);
        }
        return new User(name, uid, acting, extra);
    }

    private void demand(User user, String group, String resource, String subresource, String namespace, String name) {
        Attributes asked = new Attributes("impersonate", group, "", resource, subresource, namespace, name, "", "");
        switch (authorizer.authorize(user, asked)) {
            case Decision.Allowed ignored -> {}
            case Decision.Denied denied -> throw Refusals.forbidden(user, asked, denied.reason());
        }
    }

    private static Map<String, List<String>> extra(RequestHeaders headers) {
        Map<String, List<String>> extra = new LinkedHashMap<>();
        for (String header : headers.names()) {
            String name = header.toLowerCase(Locale.ROOT);
            if (name.startsWith(EXTRA)) {
                extra.put(RequestHeaders.unescape(name.substring(EXTRA.length())), headers.all(header));
            }
        }
        return extra;
    }
}

package io.mokube.controllermanager.controllers.garbage;

import io.mokube.client.rest.Discovery.Served;
import io.mokube.controllermanager.controllers.garbage.Item.Owner;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Items for tests; the UID is the name. */
final class Items {

    private static final Served CONFIG_MAPS =
            new Served(new GroupVersionResource("", "v1", "configmaps"), "ConfigMap", true, Set.of("get"));

    private final String name;
    private final List<Owner> owners = new ArrayList<>();
    private boolean deleting;
    private boolean waiting;
    private boolean orphaning;

    private Items(String name) {
        this.name = name;
    }

    static Items item(String name) {
        return new Items(name);
    }

    Items ownedBy(String owner) {
        owners.add(new Owner("v1", "ConfigMap", owner, owner, false));
        return this;
    }

    Items blocking(String owner) {
        owners.add(new Owner("v1", "ConfigMap", owner, owner, true));
        return this;
    }

    Items deleting() {
        deleting = true;
        return this;
    }

    Items waiting() {
        waiting = true;
        return deleting();
    }

    Items orphaning() {
        orphaning = true;
        return deleting();
    }

    Item build() {
        return new Item(CONFIG_MAPS, new ObjectKey("default", name), name, "1", owners, deleting, waiting, orphaning);
    }
}

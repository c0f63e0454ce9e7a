package io.mokube.controllermanager.controllers.loadbalancer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Which addresses a service gets: a value, decided from the pool and from what others have. */
sealed interface Assignment {

    /** Addresses, one of each family at most. */
    record Given(List<String> addresses) implements Assignment {}

    /** None, because what the service asks for can't be had. */
    record Refused(String reason) implements Assignment {}

    /** None, because others have all of a family. */
    record Exhausted(String family) implements Assignment {}

    /**
     * What a service wants.
     *
     * @param families those of its cluster IPs, {@code IPv4} or {@code IPv6}
     * @param requested its {@code spec.loadBalancerIP}
     * @param present the addresses that it has
     */
    record Wish(List<String> families, Optional<String> requested, List<String> present) {}

    /**
     * Decides. A service keeps what it has as long as that is in the pool, wanted and no other's; with several families it
     * gets an address of each that the pool has.
     *
     * @param taken whether another service has the address
     */
    static Assignment decide(AddressPool pool, Wish wish, Predicate<String> taken) {
        List<String> families = wish.families().stream().filter(pool::has).toList();
        if (families.isEmpty()) {
            return new Refused("the address pool has no " + String.join(" or ", wish.families()) + " addresses");
        }
        if (wish.requested().isPresent()) {
            return requested(pool, wish.requested().get(), families, taken);
        }
        List<String> given = new ArrayList<>();
        for (String family : families) {
            Optional<String> address = wish.present().stream()
                    .filter(each -> AddressPool.familyOf(each).equals(family) && pool.contains(each))
                    .filter(taken.negate())
                    .findFirst()
                    .or(() -> pool.firstFree(family, taken));
            if (address.isEmpty()) {
                return new Exhausted(family);
            }
            given.add(address.get());
        }
        return new Given(List.copyOf(given));
    }

    private static Assignment requested(AddressPool pool, String text, List<String> families, Predicate<String> taken) {
        Optional<String> address = AddressPool.canonical(text);
        if (address.isEmpty()) {
            return new Refused("loadBalancerIP \"" + text + "\" is no IP address");
        }
        if (!pool.contains(address.get())) {
            return new Refused("loadBalancerIP " + text + " is not in the address pool");
        }
        if (!families.contains(AddressPool.familyOf(address.get()))) {
            return new Refused("loadBalancerIP " + text + " is of none of the service's address families");
        }
        return taken.test(address.get())
                ? new Refused("loadBalancerIP " + text + " belongs to another service")
                : new Given(List.of(address.get()));
    }
}

package io.mokube.apiserver.crd;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Something that the first who wants it makes, while others who want it wait. */
final class Lazy<T> implements Supplier<T> {

    private final Supplier<T> make;
    private volatile @Nullable T made;

    Lazy(Supplier<T> make) {
        this.make = make;
    }

    @Override
    public T get() {
        T known = made;
        return known != null ? known : makeOnce();
    }

    private synchronized T makeOnce() {
        T known = made;
        if (known == null) {
            known = make.get();
            made = known;
        }
        return known;
    }
}

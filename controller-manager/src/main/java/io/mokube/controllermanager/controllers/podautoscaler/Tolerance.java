package io.mokube.controllermanager.controllers.podautoscaler;

/**
 * How far use may be from its target, as a part of that, before anything is done about it.
 *
 * @param below before replicas are taken away
 * @param above before replicas are added
 */
record Tolerance(double below, double above) {

    static final Tolerance STANDARD = new Tolerance(0.1, 0.1);

    /** @param ratio use divided by its target */
    boolean covers(double ratio) {
        return 1 - below <= ratio && ratio <= 1 + above;
    }
}

package io.mokube.kubelet.volume;

/** A volume can't be made ready, or not yet. The message is for the user. */
public final class VolumeException extends RuntimeException {

    private final String volume;
    private final boolean waiting;

    public VolumeException(String volume, String message) {
        this(volume, message, false);
    }

    private VolumeException(String volume, String message, boolean waiting) {
        super(message);
        this.volume = volume;
        this.waiting = waiting;
    }

    /** What the volume is to be made from is not there, or not ready. */
    static VolumeException notReady(String volume, String message) {
        return new VolumeException(volume, message, true);
    }

    public VolumeException(String volume, String message, Throwable cause) {
        super(message, cause);
        this.volume = volume;
        this.waiting = false;
    }

    /** The volume's name in the pod. */
    public String volume() {
        return volume;
    }

    /** What the event says. */
    public String text() {
        if (waiting) {
            return "Unable to attach or mount volumes: unmounted volumes=[" + volume
                    + "], unattached volumes=[], failed to process volumes=[" + volume + "]: " + getMessage();
        }
        return "MountVolume.SetUp failed for volume \"" + volume + "\" : " + getMessage();
    }
}

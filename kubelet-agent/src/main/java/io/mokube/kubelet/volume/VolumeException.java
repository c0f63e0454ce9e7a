package io.mokube.kubelet.volume;

/** A volume can't be made ready, or not yet. The message is for the user. */
public final class VolumeException extends RuntimeException {

    private final String volume;

    public VolumeException(String volume, String message) {
        super(message);
        this.volume = volume;
    }

    public VolumeException(String volume, String message, Throwable cause) {
        super(message, cause);
        this.volume = volume;
    }

    /** The volume's name in the pod. */
    public String volume() {
        return volume;
    }

    /** What the event says. */
    public String text() {
        return "MountVolume.SetUp failed for volume \"" + volume + "\" : " + getMessage();
    }
}

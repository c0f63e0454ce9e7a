package io.mokube.apiserver.resources.strategy;

/** A resource with nothing particular, whose changes nobody counts. */
final class NoGenerationStrategy extends SpecStatusStrategy {

    @Override
    public boolean hasGeneration() {
        return false;
    }
}

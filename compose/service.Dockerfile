# One service of the control plane: a Java runtime and the service's application.
ARG BASE=eclipse-temurin:25-jre
FROM ${BASE}
ARG MODULE
COPY compose/service /usr/local/bin/
COPY ${MODULE}/target/${MODULE}-*-application.jar /opt/mokube/application.jar
ENV JDK_JAVA_OPTIONS="-Xmx384m -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
ENTRYPOINT ["service"]

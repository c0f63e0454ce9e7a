package io.mokube.dns.zone;

import java.util.List;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.Record;

/** What a zone knows of a name and a type. */
public sealed interface Lookup {

    /**
     * There are records.
     *
     * @param additional addresses of names in them
     */
    record Found(List<Record> records, List<Record> additional) implements Lookup {}

    /** The name is another one's. */
    record Alias(CNAMERecord alias) implements Lookup {}

    /** The name is there, or names below it are, but it has nothing of this type. */
    record NoData() implements Lookup {}

    /** There is no such name, nor one below it. */
    record NoSuchName() implements Lookup {}

    /** The name is outside of the cluster's domain. */
    record Elsewhere() implements Lookup {}
}

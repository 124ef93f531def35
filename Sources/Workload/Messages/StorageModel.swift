/// How many bytes a message takes in the archive: heap and TOAST as `\dt+` counts them, without indexes.
///
/// Payload and hash are stored as hexadecimal text. A row that passes about 2 kB moves its payload out to TOAST in
/// chunks of 1996 characters, each with a header, and leaves a pointer. Constants: measured, see `StorageModelTests`.
public enum StorageModel {
    /// Payload bytes from which a row's payload lies in TOAST.
    public static let toastThreshold = 900
    /// An empty hour of both tables with its indexes, bytes: 48 KiB and 16 KiB.
    static let emptyPartition = 65_536.0
    static let rowBytes = 208.0
    static let chunkCharacters = 1_996.0
    static let chunkOverhead = 40.0

    /// Heap and TOAST of one message, bytes.
    public static func tableBytes(payload: Int) -> Double {
        let text = 2 * Double(payload)
        if payload <= toastThreshold { return rowBytes + text }
        return rowBytes + text + (text / chunkCharacters).rounded(.up) * chunkOverhead
    }

    /// Everything a message adds to the database, indexes and look-up table included, bytes.
    public static func databaseBytes(payload: Int) -> Double { tableBytes(payload: payload) + 640 }
}

/// How many bytes a message takes in the archive: heap and TOAST as `\dt+` counts them, without indexes.
///
/// Payload and hash are stored as hexadecimal text. A row that passes about 2 kB moves its payload out to TOAST in chunks
/// of 1996 characters, of which four fill a page exactly; the shorter chunk at a row's end spoils that, at the cost of half
/// a chunk a page on average. Constants measured on PostgreSQL 15; `StorageModelTests` holds them against a server.
public enum StorageModel {
    /// Payload bytes up to which a row's payload stays in the heap.
    public static let toastThreshold = 900
    /// A page less its header.
    private static let page = 8_168.0
    /// A row less its payload: header, hash, topics, numbers, line pointer.
    private static let row = 160.0
    /// The same with a pointer to TOAST.
    private static let toastedRow = 174.0
    private static let chunk = 1_996
    /// Header and line pointer of a chunk.
    private static let chunkHead = 40.0
    /// A chunk's entry in the TOAST index.
    private static let chunkEntry = 28.0
    /// An empty hour of both tables with its indexes, bytes: 48 KiB and 16 KiB.
    static let emptyPartition = 65_536.0
    /// Indexes of the message and its row in the look-up table.
    private static let indexes = 640.0

    /// Heap and TOAST of one message, bytes.
    public static func tableBytes(payload: Int) -> Double {
        let text = 2 * payload
        guard payload > toastThreshold else {
            // What is left on a page is half a row on average.
            let bytes = row + Double(text)
            return bytes + bytes * bytes / (2 * page)
        }
        let chunks = Double((text + chunk - 1) / chunk)
        let bytes = Double(text) + chunks * chunkHead
        let spoilt = Double(chunk) / 2 * min(1, bytes / page)
        return toastedRow + bytes + (text % chunk == 0 ? 0 : spoilt) + chunks * chunkEntry
    }

    /// Everything a message adds to the database, indexes and look-up table included, bytes.
    public static func databaseBytes(payload: Int) -> Double { tableBytes(payload: payload) + indexes }
}

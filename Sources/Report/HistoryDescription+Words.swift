import RunRecord

extension HistoryDescription {
    /// Such as "720 hourly partitions", or "50 partitions (720 hourly ones before the patch)".
    func partitionsInWords(_ quantity: Quantity) -> String {
        let hourly = "\(quantity.count(partitions)) hourly"
        guard let patchedPartitions else { return "\(hourly) partitions" }
        return "\(quantity.count(patchedPartitions)) partitions (\(hourly) ones before the patch)"
    }
}

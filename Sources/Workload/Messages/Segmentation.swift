import SpecReader

/// Messages that are too large for the network travel as several: segments of one size, the last one shorter, and
/// parity segments of full size, as many as a share of the segments rounded down; none when there would be more than
/// 256 of both. (Status's segmentation layer, Reed–Solomon at 12.5 %.)
public struct Segmentation: Sendable, Equatable {
    /// Largest payload of one segment, bytes.
    public var above: Int
    /// Parity segments in proportion to segments.
    public var parity: Double

    public init(above: Int, parity: Double) {
        self.above = above
        self.parity = parity
    }

    static func read(_ map: SpecMap) -> Segmentation? {
        let parity = map.share("parity", default: 0.125)
        guard map.has("segment-above") else {
            if map.has("parity") {
                map.noteMissing(
                    anyOf: ["segment-above"], at: map.place(of: "parity"), "'parity' is given without 'segment-above'",
                    remedy: "give both, or neither")
            }
            return nil
        }
        return Segmentation(above: map.bytes("segment-above", in: 1_000...100_000_000), parity: parity)
    }

    /// Messages that a payload makes; 1 when it is not segmented.
    public func parts(of size: Int) -> Int {
        guard size > above else { return 1 }
        let segments = (size + above - 1) / above
        let parity = Int((Double(segments) * parity).rounded(.down))
        return segments + parity > 256 ? segments : segments + parity
    }

    /// Payload of one of them, bytes.
    public func bytes(ofPart part: Int, of size: Int) -> Int {
        guard size > above else { return size }
        let segments = (size + above - 1) / above
        return part == segments - 1 ? size - (segments - 1) * above : above
    }
}

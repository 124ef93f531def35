/// What files that are written for people have in common.
public enum FittedText {
    /// Lines of a comment, none longer than a page is wide.
    public static func comment(_ sentences: [String], indent: Int = 0) -> String {
        let margin = String(repeating: " ", count: indent) + "# "
        var lines: [String] = []
        for sentence in sentences where !sentence.isEmpty {
            var line = ""
            // A line break in a name from elsewhere would end the comment.
            for word in sentence.split(whereSeparator: \.isWhitespace) {
                if !line.isEmpty, margin.count + line.count + word.count > 118 {
                    lines.append(margin + line)
                    line = ""
                }
                line += line.isEmpty ? String(word) : " \(word)"
            }
            lines.append(margin + line)
        }
        return lines.joined(separator: "\n")
    }
}

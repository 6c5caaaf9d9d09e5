#pragma once

#include <filesystem>

namespace cairn {

// Hands a file to the desktop's opener (xdg-open). False where there is none.
bool OpenInBrowser(const std::filesystem::path& page);

}  // namespace cairn

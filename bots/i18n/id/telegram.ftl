# Yang dikatakan bot hanya di Telegram. $style judul sebuah gaya, $count jumlah gambar.

telegram-start =
    Halo! Saya mengubah foto menjadi lukisan, seperti film animasi Jepang yang dilukis dengan tangan. Yang melukis mesin, bukan manusia.

    Kirim foto dan saya akan melukisnya. Anda boleh menyebut gaya di keterangan foto, atau memilih gaya tetap di sini:
telegram-help =
    Kirim foto, album, atau berkas gambar, dan saya akan melukisnya.
    Di keterangan Anda boleh menyebut gaya dan kekuatannya: "cat air 80%".
    Balas foto apa pun dengan nama gaya agar dilukis dengan gaya itu.
    Di grup, sebut saya bersama foto atau saat membalas foto.

    /styles menampilkan semua gaya
    /style memilih gaya tetap
    /again melukis foto terakhir sekali lagi
    /me melukis foto profil Anda
    /status menampilkan urutan Anda
    /cancel menarik kembali foto Anda
    /language memilih bahasa
    /privacy menjelaskan apa yang disimpan
    /forget menghapus semuanya
telegram-hint = Kirim foto dan saya akan melukisnya. Selebihnya ada di /help.
telegram-no-face = Foto profil Anda tidak terlihat. Kirim saja sebuah foto, dan saya akan melukisnya.
telegram-privacy =
    Foto Anda dihapus begitu lukisannya terkirim. Lukisan disimpan beberapa hari supaya tombolnya berfungsi, lalu dihapus juga.
    Tempat dan alat pemotretan tidak pernah ikut ke dalam lukisan.
    /forget langsung menghapus semua milik Anda.

## Selama menunggu, dan sesudahnya.

telegram-received = { $count ->
    [1] Foto Anda sudah saya terima.
   *[other] { $count } foto Anda sudah saya terima.
}
telegram-not-painted = Foto ini tidak bisa saya lukis.
telegram-ready = Lukisan Anda sudah jadi.
telegram-painted-below = { $count ->
    [1] Selesai, lukisan Anda ada di bawah ↓
   *[other] Selesai, { $count } lukisan Anda ada di bawah ↓
}
telegram-in-doubt = { $count ->
   *[other] Lukisan sudah saya kirim, tetapi sambungan terputus dan saya tidak tahu apakah sampai. Kalau tidak ada di sini, ketuk tombolnya.
}
telegram-no-pictures-here = Saya tidak boleh mengirim gambar di obrolan ini, jadi lukisan Anda tidak bisa ditampilkan di sini.
telegram-not-taken = Lukisan Anda sudah jadi, tetapi Telegram tidak menerimanya, jadi tidak bisa ditampilkan di sini. Maaf.
telegram-guest-needs-chat = Lukisan Anda sudah jadi, tetapi belum bisa saya bawa ke sini. Buka obrolan dengan saya sekali, lalu minta lagi: { $link }
telegram-cancelled = Ditarik kembali.
telegram-cancelled-all = { $count ->
   *[other] { $count } foto Anda ditarik kembali.
}
telegram-cancel-none = Tidak ada foto Anda yang menunggu.
telegram-cancel-late = Terlambat, lukisannya sudah jadi.
telegram-cancel-not-yours = Hanya pengirim fotonya yang bisa membatalkannya.
telegram-status-none = Tidak ada foto Anda yang menunggu. Kirim foto, yuk!
telegram-photo-gone = Foto itu sudah tidak disimpan. Silakan kirim lagi.
telegram-compared = Foto dan lukisannya

## Tombol.

telegram-softer = Lebih lembut
telegram-stronger = Lebih kuat
telegram-again = Sekali lagi
telegram-original = Kualitas penuh
telegram-compare = Sebelum dan sesudah
telegram-cancel = Batal
telegram-resend = Kirim lagi
telegram-inline-start = Lukis foto pertama Anda

## Pilihan.

telegram-style-which = Gaya mana yang menjadi gaya tetap Anda?
telegram-style-unknown = Saya tidak mengenal gaya itu. Ini yang bisa saya lukis:
telegram-style-set = Mulai sekarang saya melukis dengan gaya { $style }, kecuali Anda menyebut gaya lain.
telegram-language = Bahasa mana yang Anda pilih?
telegram-language-name = Bahasa Indonesia
telegram-language-set = Saya akan berbahasa Indonesia dengan Anda.
telegram-forget = Hapus semua milik Anda yang disimpan? Yang masih menunggu ditarik kembali.
telegram-forget-yes = Hapus semua
telegram-forget-never = Hapus, dan jangan pernah melukis foto saya
telegram-forget-no = Simpan saja
telegram-forgot-yes = Semua milik Anda sudah dihapus.
telegram-forgot-never = Semua milik Anda sudah dihapus, dan foto yang Anda kirim tidak akan dilukis.
telegram-forgot-no = Tidak ada yang dihapus.

## Untuk admin grup.

telegram-groups-only = Ini pengaturan untuk grup.
telegram-admins-only = Hanya admin grup ini yang bisa mengubahnya.
telegram-group-style-set = Di grup ini sekarang saya melukis dengan gaya { $style }, kecuali pesannya menyebut gaya lain.
telegram-cooldown-how = Sebutkan jeda dalam detik antara dua foto seorang anggota, misalnya /cooldown 60. Dengan 0 tidak ada jeda.
telegram-cooldown-set = { $wait_s ->
    [0] Sekarang tidak ada jeda antara foto seorang anggota.
   *[other] Sekarang anggota menunggu { DURATION($wait_s) } di antara dua foto.
}
telegram-others-how = /others on mengizinkan anggota melukis foto anggota lain, /others off hanya foto sendiri.
telegram-others-on = Anggota boleh meminta lukisan dari foto anggota lain.
telegram-others-off = Anggota hanya boleh meminta lukisan dari fotonya sendiri.

## Untuk pengelola bot.

telegram-operator-done = Selesai.
telegram-operator-how =
    /stats
    /pause STAGE [PLATFORM], /resume STAGE [PLATFORM] dengan STAGE salah satu dari { $stages }
    /ban ID, /unban ID dengan ID nomor pengguna atau PLATFORM:ID

## Menu dan profil.

telegram-command-style = Pilih gaya tetap
telegram-command-styles = Lihat semua gaya
telegram-command-again = Lukis foto terakhir sekali lagi
telegram-command-me = Lukis foto profil saya
telegram-command-status = Urutan saya
telegram-command-cancel = Tarik kembali foto saya
telegram-command-language = Pilih bahasa
telegram-command-privacy = Apa yang disimpan
telegram-command-forget = Hapus semua milik saya
telegram-command-help = Cara kerjanya
telegram-command-cooldown = Jeda antara dua foto seorang anggota
telegram-command-others = Bolehkah melukis foto anggota lain
telegram-description = Kirim foto dan saya melukisnya seperti animasi Jepang buatan tangan; yang melukis adalah mesin. Di grup, sebut saya saat membalas foto.
telegram-short-description = Saya melukis foto Anda seperti film animasi Jepang.
telegram-by-machine = dilukis oleh mesin
